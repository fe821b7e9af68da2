import unicodedata

family = "👨‍👩‍👧‍👦"
flag = "대한민국🇰🇷"
decomposed = unicodedata.normalize("NFD", "한글")

for text in [family, flag, decomposed]:
    starts = range(0, len(text), 5)
    slices = [text[start : start + 5] for start in starts]
    print("code points:", len(text), "->", " | ".join(slices))
