def three_words():
    print("(the body starts)")
    yield "Streaming"
    yield "is"
    yield "fun"


words = three_words()
print("created, and nothing has run yet")
print(next(words))
print("(the caller does something else)")
print(next(words))
print(next(words))
