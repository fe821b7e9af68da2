try:
    int("ten")
except KeyError:
    print("caught")
print("after")
