"""What goes on beside the calls: accepted requests, questions, batches, deliveries of webhooks, bookings of hits."""
