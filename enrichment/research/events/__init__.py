"""What happens in a session, in sentences for people, written before it is shown."""
