"""Stand-ins of the platforms, for tests and for trying out: each enforces its fact sheet, with faults on demand.

They import nothing of Dealbooks, so that they cannot share its mistakes. `dealbooks sandbox PLATFORM` serves one.
"""
