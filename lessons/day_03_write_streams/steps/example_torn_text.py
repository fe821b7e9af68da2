import unicodedata

family = "👨‍👩‍👧‍👦"
flag = "대한민국🇰🇷"
decomposed = unicodedata.normalize("NFD", "한글")

for text in [family, flag, decomposed]:
    slices = [text[start : start + 5] for start in range(0, len(text), 5)]
    print("code points:", len(text), "->", " | ".join(slices))
