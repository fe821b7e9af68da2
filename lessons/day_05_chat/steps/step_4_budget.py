# region: tokens
BUDGET = 300


def tokens(messages):
    # An estimate: three bytes are about one token.
    return sum(len(each["content"].encode()) // 3 + 1 for each in messages)


# endregion


# region: trim
def trim(messages, budget):
    kept = messages
    while len(kept) > 1 and tokens(kept) > budget:
        kept = kept[2:]  # without the oldest question and its answer
    return kept


# endregion
