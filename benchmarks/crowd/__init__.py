"""The load client: many learners at once on the handout's page and on ours."""
