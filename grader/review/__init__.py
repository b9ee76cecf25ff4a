"""The local page where tutors mark: one criterion across all students, each answer beside what was measured.

Every action is at once an event of the tutor's file, written through `grader.marks` alone. `cohort` reads what was
graded, `order` puts like beside like, `desk` decides, `guard` keeps everybody else out, `routes` and `views` show.
"""
