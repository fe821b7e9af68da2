"""What a server keeps: databases, schemas and tables, its sessions, and the statements on their way."""
