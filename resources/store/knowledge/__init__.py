"""What is known of companies: replies, facts, analyses, profiles, their changes; what people say of values."""
