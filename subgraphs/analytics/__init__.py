"""What was seen and what came of it, by hour and day: for each person their own, for admins the platform's."""
