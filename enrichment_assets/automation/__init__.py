"""What starts by itself: schedules, sensors, and the jobs that only they start."""
