"""Running a job: a server for it, its progress, its picture."""
