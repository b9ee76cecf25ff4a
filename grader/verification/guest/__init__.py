"""Programs of the verification that run in its sandbox, which shows them this folder and the recorder's alone.

So these modules import each other relatively.
"""
