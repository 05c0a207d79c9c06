"""Running a job: its progress, its end, its picture."""
