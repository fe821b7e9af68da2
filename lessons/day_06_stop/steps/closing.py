def answer():
    try:
        for number in range(1, 6):
            print("made: token", number)
            yield f"token {number}"
    finally:
        print("connection closed")


stream = answer()
print("read:", next(stream))
print("read:", next(stream))
stream.close()
print("after close()")
