"""What a model computes, as layers, and how it differs from what a rubric asks for."""
