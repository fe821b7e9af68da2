"""What a server keeps: tables and what is known of them, sessions, and statements on their way."""
