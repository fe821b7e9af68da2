"""The load client: many learners at once on the hand-out's page and on ours."""
