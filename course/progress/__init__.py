"""What a learner has read, tried and solved, and where it is kept."""
