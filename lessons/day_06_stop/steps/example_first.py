# TODO: a few lines whose output is worth a guess.
print("first")
print("second")
