"""What keeps a shared server's learners within its settings: counters, a queue, and the gate."""
