import unicodedata

import regex

family = "👨‍👩‍👧‍👦"
flag = "대한민국🇰🇷"
decomposed = unicodedata.normalize("NFD", "한글")

for text in [family, flag, decomposed]:
    clusters = regex.findall(r"\X", text)
    starts = range(0, len(clusters), 5)
    slices = ["".join(clusters[start : start + 5]) for start in starts]
    print("clusters:", len(clusters), "->", " | ".join(slices))
