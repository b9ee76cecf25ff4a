"""All of the verification that enters its sandbox, where no other part of grader is but the recorder's folder.

So its modules name each other relatively.
"""
