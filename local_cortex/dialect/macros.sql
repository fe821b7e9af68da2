-- Snowflake's scalar functions as DuckDB's macros, one line for each number or kind of arguments:
-- NAME|SYNONYM(parameters) kind = expression. A parameter with a type is for arguments of that type
-- alone, and is cast to it; one without takes the rest. The kind is what it answers, in the words of
-- KINDS in macros.py, which reads this file; `same` is that of the first argument. $name(...) calls
-- another line. With := the expression is put where the function is called, and is no macro. Names in
-- capitals are Snowflake's and can be called by SQL; the others only help here. A line with brackets is
-- for arguments whose kinds are known, or, with ?, unknown, before DuckDB is asked: @0 is the first of
-- them, and no kind is that of the last. A line of names alone gives other names of functions that
-- Python writes.

-- other names of functions that Python writes
DATEADD|TIMEADD|TIMESTAMPADD
DATEDIFF|TIMEDIFF|TIMESTAMPDIFF
TO_CHAR|TO_VARCHAR
TO_NUMBER|TO_DECIMAL|TO_NUMERIC
TRY_TO_NUMBER|TRY_TO_DECIMAL|TRY_TO_NUMERIC
STDDEV|STDDEV_SAMP
VAR_POP|VARIANCE_POP
VARIANCE|VAR_SAMP|VARIANCE_SAMP
APPROX_COUNT_DISTINCT|HLL
ARRAY_AGG|ARRAYAGG
COUNT_IF|COUNTIF
GROUPING|GROUPING_ID
DAYOFWEEKISO|DAYOFWEEK_ISO
DAY|DAYOFMONTH
WEEK|WEEKOFYEAR
LISTAGG|STRING_AGG

-- arguments of known kinds
text[int|dec|date|bool] text = @0::VARCHAR
text[real] text = regexp_replace(@0::VARCHAR, '\.0$', '')
text[ntz] text = strftime(@0, '%Y-%m-%d %H:%M:%S.%g')
moment[date|ntz|ltz] = @0
ntz[date] ntz = @0::TIMESTAMP
date[ntz] date = @0::DATE
add_days[any, date] date = (@1 + @0)::DATE
add_days[any, ntz|ltz] = @1 + @0
add_time[any, ntz|ltz] = @1 + @0
DATE_TRUNC[text, date] date = $first_day(@0, @1)
DATE_TRUNC[text, ntz] ntz = $first(@0, @1)
plus[date, int] date = @0 + @1::INTEGER
plus[int, date] date = @1 + @0::INTEGER
minus[date, int] date = @0 - @1::INTEGER
minus[date, date] int = @0 - @1
divide[int, int] dec = $quotient(@0, @1)
divide[int|dec, int|dec] dec = $quotient_dec(@0, @1)
divide[real, int|dec|real] real = $ratio(@0, @1)
divide[int, real] real = $ratio(@0, @1)

-- arguments of which neither DuckDB nor we know the type
text[?] = @0::VARCHAR
int[?] = @0::HUGEINT
real[?] = @0::DOUBLE
bool[?] = @0::BOOLEAN
date[?] = @0::DATE
time[?] = @0::TIME
ntz[?] = @0::TIMESTAMP
ltz[?] = @0::TIMESTAMPTZ
arr[?] = @0::VARIANT[]
obj[?] = @0::JSON
num[?] = @0
moment[?] = @0
exact[?] = @0
TO_ARRAY[?] = @0::VARIANT[]
LENGTH[?] = length(@0::VARCHAR)
DATE_TRUNC[?, ?] = date_trunc(@0, @1)
plus[?, ?] = @0 + @1
minus[?, ?] = @0 - @1
add_days[?, ?] = @1 + @0
add_time[?, ?] = @1 + @0
get[?, ?] = $get(@0::VARIANT, @1::VARCHAR)

-- values of one kind made of values of any
text(a VARCHAR) text = a
text(a VARIANT) = CASE variant_typeof(a) WHEN 'DOUBLE' THEN regexp_replace(a::VARCHAR, '\.0$', '') ELSE a::JSON ->> '$' END
text(a VARIANT[]) = a::VARIANT::JSON::VARCHAR
text(a DATE) = a::VARCHAR
text(a TIMESTAMP) = strftime(a, '%Y-%m-%d %H:%M:%S.%g')
text(a TIMESTAMPTZ) = strftime(a, '%Y-%m-%d %H:%M:%S.%g %z') || '00'
text(a BLOB) = hex(a)
text(a) = CASE WHEN typeof(a) IN ('DOUBLE', 'FLOAT') THEN regexp_replace(a::VARCHAR, '\.0$', '') WHEN typeof(a) LIKE '%[%]' THEN to_json(a)::VARCHAR ELSE a::VARCHAR END
num(a VARCHAR) num = a::DOUBLE
num(a VARIANT) = $text(a)::DOUBLE
num(a) = a
exact(a VARIANT) = $text(a)
exact(a) = a
int(a VARIANT) int = $text(a)::HUGEINT
int(a VARCHAR) = a::HUGEINT
int(a HUGEINT) = a
int(a DOUBLE) = round(a)::HUGEINT
int(a) = a::HUGEINT
bool(a VARCHAR) bool = CASE WHEN lower(trim(a)) IN ('true', 't', 'yes', 'y', 'on', '1') THEN TRUE WHEN lower(trim(a)) IN ('false', 'f', 'no', 'n', 'off', '0') THEN FALSE WHEN a IS NOT NULL THEN error('SF:100037:22018:Boolean value ''' || a || ''' is not recognized') END
bool(a VARIANT) = $bool($text(a))
bool(a) = a::BOOLEAN
arr(a VARIANT[]) arr = a
arr(a VARIANT) = CASE WHEN variant_typeof(a) LIKE 'ARRAY%' THEN a::VARIANT[] END
arr(a VARCHAR) = a::VARIANT::VARIANT[]
arr(a) = a::VARIANT[]
obj(a VARIANT) obj = CASE WHEN variant_typeof(a) LIKE 'OBJECT%' THEN a::JSON END
obj(a) = a::JSON
moment(a VARCHAR) moment = CASE WHEN regexp_full_match(a, '-?\d+') THEN $epoch(a::HUGEINT) ELSE a::TIMESTAMP END
moment(a VARIANT) = $moment($text(a))
moment(a HUGEINT) = $epoch(a)
moment(a DATE) = a
moment(a) = a
epoch(n) ntz = make_timestamp((CASE WHEN abs(n) < 31536000000 THEN n * 1000000 WHEN abs(n) < 31536000000000 THEN n * 1000 WHEN abs(n) < 31536000000000000 THEN n ELSE n // 1000 END)::BIGINT)
date(a VARIANT) date = $moment($text(a))::DATE
date(a VARCHAR) = $moment(a)::DATE
date(a HUGEINT) = $epoch(a)::DATE
date(a) = a::DATE
ntz(a DATE) ntz = a::TIMESTAMP
ntz(a VARIANT) = $moment($text(a))::TIMESTAMP
ntz(a) = $moment(a)::TIMESTAMP
ltz(a VARCHAR) ltz = CASE WHEN regexp_full_match(a, '-?\d+') THEN $epoch(a::HUGEINT)::TIMESTAMPTZ ELSE regexp_replace(a, '(:[\d.]+) ?([+-]\d\d):?(\d\d)$', '\1\2:\3')::TIMESTAMPTZ END
ltz(a VARIANT) = $ltz($text(a))
ltz(a) = $moment(a)::TIMESTAMPTZ
time(a VARIANT) time = $text(a)::TIME
time(a) = a::TIME

-- numbers
long() = error('SF:100078:22000:String is too long and would be truncated')
many() = error('SF:000002:0A000:ARRAY_GENERATE_RANGE of more elements: Local Cortex allows 10,000 at most. Use TABLE(GENERATOR(...)).')
finite(x) real = CASE WHEN isinf(x) THEN error('SF:100132:22003:Floating point overflow') ELSE x END
zero() = error('SF:100051:22012:Division by zero')
quotient(a, b) dec = CASE WHEN b = 0 THEN $zero() ELSE (((2000000 * abs(a::HUGEINT)) // abs(b) + 1) // 2 * sign(a) * sign(b))::DECIMAL(32, 0) * 0.000001::DECIMAL(6, 6) END
quotient_dec(a, b) dec = CASE WHEN b = 0 THEN $zero() ELSE (a / b)::DECIMAL(38, 8) END
divide(a DOUBLE, b DOUBLE) num = CASE WHEN b = 0 THEN $zero() ELSE a / b END
divide(a DECIMAL(38, 8), b DECIMAL(38, 8)) = CASE WHEN b = 0 THEN $zero() ELSE (a / b)::DECIMAL(38, 8) END
divide(a HUGEINT, b HUGEINT) = $quotient(a, b)
average(x DOUBLE) num = avg(x)
average(x DECIMAL(38, 8)) = (sum(x) / count(x))::DECIMAL(38, 8)
average(x HUGEINT) = $quotient(sum(x), count(x))
average_distinct(x DOUBLE) num = avg(DISTINCT x)
average_distinct(x DECIMAL(38, 8)) = (sum(DISTINCT x) / count(DISTINCT x))::DECIMAL(38, 8)
average_distinct(x HUGEINT) = $quotient(sum(DISTINCT x), count(DISTINCT x))
averaged(x DOUBLE, v) num = v
averaged(x DECIMAL(38, 8), v) = v::DECIMAL(38, 8)
averaged(x HUGEINT, v) = v::DECIMAL(38, 6)
DIV0(a, b) num = CASE WHEN $num(b) = 0 AND $num(a) IS NOT NULL THEN 0 ELSE $divide($num(a), $num(b)) END
DIV0NULL(a, b) num = CASE WHEN coalesce($num(b), 0) = 0 AND $num(a) IS NOT NULL THEN 0 ELSE $divide($num(a), $num(b)) END
MOD(a, b) num = CASE WHEN $num(b) = 0 THEN $zero() ELSE $num(a) % $num(b) END
ABS(a) same = abs($num(a))
SIGN(a) same = sign($num(a))
plus(a DATE, b) = a + b::INTEGER
plus(a, b DATE) = b + a::INTEGER
plus(a VARIANT, b) = $num(a) + $num(b)
plus(a, b VARIANT) = $num(a) + $num(b)
plus(a VARCHAR, b) = $num(a) + $num(b)
plus(a, b VARCHAR) = $num(a) + $num(b)
plus(a, b) = $num(a) + $num(b)
minus(a DATE, b HUGEINT) = a - b::INTEGER
minus(a DATE, b DATE) = a - b
minus(a VARIANT, b) = $num(a) - $num(b)
minus(a, b VARIANT) = $num(a) - $num(b)
minus(a VARCHAR, b) = $num(a) - $num(b)
minus(a, b VARCHAR) = $num(a) - $num(b)
minus(a, b) = $num(a) - $num(b)
CEIL|CEILING(a) same = ceil($num(a))
CEIL(a, n) = ceil($num(a) * pow(10, n::BIGINT)) / pow(10, n::BIGINT)
FLOOR(a) same = floor($num(a))
FLOOR(a, n) = floor($num(a) * pow(10, n::BIGINT)) / pow(10, n::BIGINT)
ROUND(a) same = round($num(a))
ROUND(a, n) = round($num(a), n::INTEGER)
TRUNC|TRUNCATE(a) same = trunc($num(a))
TRUNC(a, n) = trunc($num(a), n::INTEGER)
SQRT(a) real = sqrt($num(a)::DOUBLE)
CBRT(a) real = round(cbrt($num(a)::DOUBLE), 12)
SQUARE|SQUARED(a) real = $num(a)::DOUBLE * $num(a)::DOUBLE
EXP(a) real = $finite(exp($num(a)::DOUBLE))
LN(a) real = ln($num(a)::DOUBLE)
LOG(b, a) real = ln($num(a)::DOUBLE) / ln($num(b)::DOUBLE)
POWER|POW(a, b) real = $finite(pow($num(a)::DOUBLE, $num(b)::DOUBLE))
PI() = pi()
DEGREES(a) = degrees($num(a)::DOUBLE)
RADIANS(a) = radians($num(a)::DOUBLE)
SIN(a) = sin($num(a)::DOUBLE)
COS(a) = cos($num(a)::DOUBLE)
TAN(a) = tan($num(a)::DOUBLE)
COT(a) = cot($num(a)::DOUBLE)
ASIN(a) = asin($num(a)::DOUBLE)
ACOS(a) = acos($num(a)::DOUBLE)
ATAN(a) = atan($num(a)::DOUBLE)
ATAN2(a, b) = atan2($num(a)::DOUBLE, $num(b)::DOUBLE)
SINH(a) = sinh($num(a)::DOUBLE)
COSH(a) = cosh($num(a)::DOUBLE)
TANH(a) = tanh($num(a)::DOUBLE)
ZEROIFNULL(a) same = coalesce($num(a), 0)
NULLIFZERO(a) = nullif($num(a), 0)
SEQ8|SEQ1|SEQ2|SEQ4() int := row_number() OVER () - 1
SEQ8(n) := row_number() OVER () - 1
RANDOM() = hash(random())::HUGEINT - 9223372036854775808
RANDOM(seed) = hash(random())::HUGEINT - 9223372036854775808
UNIFORM(low DOUBLE, high DOUBLE, generator) num = low + (high - low) * random()
UNIFORM(low HUGEINT, high HUGEINT, generator) = low + floor((high - low + 1)::DOUBLE * random())::HUGEINT

-- strings
LENGTH|LEN(s BLOB) int = octet_length(s)
LENGTH(s) = length($text(s))
OCTET_LENGTH(s) int = strlen($text(s))
BIT_LENGTH(s) = bit_length($text(s))
UPPER(s) text = replace(upper($text(s)), 'ẞ', 'SS')
LOWER(s) text = lower($text(s))
INITCAP(s) text = array_to_string(list_transform(regexp_extract_all(lower($text(s)), '[\pL\pN]+|[^\pL\pN]+'), lambda w: upper(w[1]) || w[2:]), '')
TRIM(s) text = trim($text(s), ' ')
TRIM(s, c) = trim($text(s), c)
LTRIM(s) text = ltrim($text(s), ' ')
LTRIM(s, c) = ltrim($text(s), c)
RTRIM(s) text = rtrim($text(s), ' ')
RTRIM(s, c) = rtrim($text(s), c)
LPAD(s, n) text = $LPAD($text(s), n, ' ')
LPAD(s, n, p) = CASE WHEN n > 16777216 THEN $long() WHEN n <= 0 THEN '' WHEN p = '' THEN left($text(s), n::BIGINT) ELSE lpad($text(s), n::INTEGER, p) END
RPAD(s, n) text = $RPAD($text(s), n, ' ')
RPAD(s, n, p) = CASE WHEN n > 16777216 THEN $long() WHEN n <= 0 THEN '' WHEN p = '' THEN left($text(s), n::BIGINT) ELSE rpad($text(s), n::INTEGER, p) END
LEFT(s, n) text = left($text(s), greatest(n::BIGINT, 0))
RIGHT(s, n) text = right($text(s), greatest(n::BIGINT, 0))
SUBSTR|SUBSTRING|MID(s, i) text = substr($text(s), (CASE WHEN i = 0 THEN 1 ELSE i END)::BIGINT)
SUBSTR(s, i, n) = CASE WHEN n < 0 THEN '' ELSE substr($text(s), (CASE WHEN i = 0 THEN 1 ELSE i END)::BIGINT, n::BIGINT) END
REPLACE(s, f) text = replace($text(s), $text(f), '')
REPLACE(s, f, t) = replace(CASE WHEN length($text(s))::HUGEINT * length($text(t)) // greatest(length($text(f)), 1) > 100000000 THEN $long() ELSE $text(s) END, $text(f), $text(t))
TRANSLATE(s, f, t) text = translate($text(s), f, t)
REPEAT(s, n) text = CASE WHEN length($text(s)) * n::HUGEINT > 16777216 THEN $long() ELSE repeat($text(s), greatest(least(n, 16777216)::BIGINT, 0)) END
REVERSE(s) text = reverse($text(s))
SPACE(n) text = $REPEAT(' ', n)
CONTAINS(s, f) bool = contains($text(s), $text(f))
STARTSWITH(s, f) bool = starts_with($text(s), $text(f))
ENDSWITH(s, f) bool = suffix($text(s), $text(f))
POSITION|CHARINDEX(f, s) int = strpos($text(s), $text(f))
POSITION(f, s, i) = CASE WHEN strpos(substr($text(s), i::BIGINT), $text(f)) = 0 THEN 0 ELSE strpos(substr($text(s), i::BIGINT), $text(f)) + i::BIGINT - 1 END
INSERT(s, i, n, t) text = left($text(s), i::BIGINT - 1) || $text(t) || substr($text(s), (i + n)::BIGINT)
SPLIT(s, d) arr = string_split($text(s), $text(d))::VARIANT[]
SPLIT_PART(s, d, n) text = coalesce(split_part($text(s), $text(d), (CASE WHEN n = 0 THEN 1 ELSE n END)::BIGINT), '')
STRTOK(s) text = $STRTOK($text(s), ' ', 1)
STRTOK(s, d) = $STRTOK($text(s), d, 1)
STRTOK(s, d, n) = list_filter(string_split(translate($text(s), d, repeat(left(d, 1), length(d))), left(d, 1)), lambda w: w <> '')[n::BIGINT]
STRTOK_TO_ARRAY(s) arr = $STRTOK_TO_ARRAY($text(s), ' ')
STRTOK_TO_ARRAY(s, d) = list_filter(string_split(translate($text(s), d, repeat(left(d, 1), length(d))), left(d, 1)), lambda w: w <> '')::VARIANT[]
ASCII(s) int = CASE WHEN $text(s) = '' THEN 0 ELSE unicode($text(s)) END
UNICODE(s) = CASE WHEN $text(s) = '' THEN 0 ELSE unicode($text(s)) END
CHR|CHAR(n) text = chr(n::INTEGER)
EDITDISTANCE(a, b) int = CASE WHEN greatest(length($text(a)), length($text(b))) > 10000 THEN error('SF:000002:0A000:EDITDISTANCE of longer texts: Local Cortex allows 10,000 characters at most.') ELSE levenshtein($text(a), $text(b)) END
EDITDISTANCE(a, b, most) = least($EDITDISTANCE(a, b), most)
JAROWINKLER_SIMILARITY(a, b) = round(jaro_winkler_similarity(lower($text(a)), lower($text(b))) * 100)::HUGEINT
MD5|MD5_HEX(s) text = md5($text(s))
SHA1|SHA1_HEX(s) text = sha1($text(s))
SHA2|SHA2_HEX(s) text = sha256($text(s))
SHA2(s, bits) = CASE WHEN bits IN (0, 256) THEN sha256($text(s)) ELSE error('SF:000002:0A000:Unsupported feature ''SHA2'': Local Cortex computes it with 256 bits.') END
BASE64_ENCODE(s BLOB) text = to_base64(s)
BASE64_ENCODE(s) = to_base64(encode($text(s)))
BASE64_DECODE_STRING(s) = decode(from_base64(s))
BASE64_DECODE_BINARY(s) = from_base64(s)
HEX_ENCODE(s BLOB) = hex(s)
HEX_ENCODE(s) = hex(encode($text(s)))
HEX_DECODE_STRING(s) = decode(unhex(s))
HEX_DECODE_BINARY(s) = unhex(s)
TO_BINARY(s BLOB) = s
TO_BINARY(s) = unhex(s)
TO_BINARY(s, f) = CASE upper(f) WHEN 'HEX' THEN unhex(s) WHEN 'BASE64' THEN from_base64(s) ELSE encode(s) END
UUID_STRING() text = gen_random_uuid()::VARCHAR
REGEXP_LIKE|RLIKE(s, p) bool = regexp_full_match($text(s), p)
REGEXP_LIKE(s, p, f) = regexp_full_match($text(s), $flags(f) || p)
flags(f) text = CASE WHEN regexp_replace(f, '[^ims]', '', 'g') = '' THEN '' ELSE '(?' || regexp_replace(f, '[^ims]', '', 'g') || ')' END
REGEXP_REPLACE(s, p) text = regexp_replace($text(s), p, '', 'g')
REGEXP_REPLACE(s, p, r) = regexp_replace($text(s), p, r, 'g')
REGEXP_REPLACE(s, p, r, i) = $REGEXP_REPLACE($text(s), p, r, i, 0, 'c')
REGEXP_REPLACE(s, p, r, i, k) = $REGEXP_REPLACE($text(s), p, r, i, k, 'c')
REGEXP_REPLACE(s, p, r, i, k, f) = left($text(s), i::BIGINT - 1) || CASE k WHEN 0 THEN regexp_replace(substr($text(s), i::BIGINT), $flags(f) || p, r, 'g') WHEN 1 THEN regexp_replace(substr($text(s), i::BIGINT), $flags(f) || p, r) ELSE error('SF:000002:0A000:Unsupported feature ''REGEXP_REPLACE'': Local Cortex replaces all occurrences (0) or the first (1).') END
REGEXP_SUBSTR|REGEXP_EXTRACT(s, p) text = $REGEXP_SUBSTR($text(s), p, 1, 1, 'c', 0)
REGEXP_SUBSTR(s, p, i) = $REGEXP_SUBSTR($text(s), p, i, 1, 'c', 0)
REGEXP_SUBSTR(s, p, i, k) = $REGEXP_SUBSTR($text(s), p, i, k, 'c', 0)
REGEXP_SUBSTR(s, p, i, k, f) = $REGEXP_SUBSTR($text(s), p, i, k, f, CASE WHEN contains(f, 'e') THEN 1 ELSE 0 END)
REGEXP_SUBSTR(s, p, i, k, f, g) = regexp_extract_all(substr($text(s), i::BIGINT), $flags(f) || p, g::INTEGER)[k::BIGINT]
REGEXP_SUBSTR_ALL|REGEXP_EXTRACT_ALL(s, p) = regexp_extract_all($text(s), p)::VARIANT[]
REGEXP_COUNT(s, p) int = len(regexp_extract_all($text(s), p))
REGEXP_COUNT(s, p, i) = len(regexp_extract_all(substr($text(s), i::BIGINT), p))
REGEXP_COUNT(s, p, i, f) = len(regexp_extract_all(substr($text(s), i::BIGINT), $flags(f) || p))

-- conditions
IFF(c, a, b) := CASE WHEN $bool(c) THEN a ELSE b END
NVL2(v, a, b) := CASE WHEN v IS NOT NULL THEN a ELSE b END
NULLIF(a, b) same := nullif(a, b)
NVL|IFNULL(a, b) := coalesce(a, b)
IS_NULL_VALUE(v) bool = variant_typeof(v::VARIANT) = 'VARIANT_NULL'
EQUAL_NULL(a, b) = a IS NOT DISTINCT FROM b
BOOLAND(a, b) = $bool(a) AND $bool(b)
BOOLOR(a, b) = $bool(a) OR $bool(b)
BOOLNOT(a) = NOT $bool(a)
BOOLXOR(a, b) = $bool(a) <> $bool(b)

-- dates
first_day(u, d) date = date_trunc(u, d)::DATE
first(u, d) ntz = date_trunc(u, d)
CURRENT_DATE() date := now()::DATE
CURRENT_TIME|LOCALTIME() time := now()::TIMESTAMP::TIME
CURRENT_TIME(n) := now()::TIMESTAMP::TIME
CURRENT_TIMESTAMP|GETDATE|SYSTIMESTAMP|LOCALTIMESTAMP() ltz := now()
CURRENT_TIMESTAMP(n) := now()
SYSDATE() ntz := now()::TIMESTAMP
add_days(i, d DATE) = (d + i)::DATE
add_days(i, d VARCHAR) = $moment(d) + i
add_days(i, d VARIANT) = $moment(d) + i
add_days(i, d) = d + i
add_time(i, d DATE) = d + i
add_time(i, d) = $moment(d) + i
DATE_TRUNC(u, d DATE) = date_trunc(u, d)::DATE
DATE_TRUNC(u, d) = date_trunc(u, $moment(d))
LAST_DAY(d) date = last_day($date(d))
DAYNAME(d) text = left(dayname($date(d)), 3)
MONTHNAME(d) text = left(monthname($date(d)), 3)
NEXT_DAY(d, w) date = $date(d) + (((list_position(['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'], lower(left(w, 2))) - isodow($date(d)) + 6) % 7) + 1)::INTEGER
PREVIOUS_DAY(d, w) date = $date(d) - (((isodow($date(d)) - list_position(['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'], lower(left(w, 2))) + 6) % 7) + 1)::INTEGER
ratio(a, b) num = CASE WHEN b = 0 THEN $zero() ELSE a / b END
ADD_MONTHS(d, n) date = CASE WHEN $date(d) = last_day($date(d)) THEN last_day(($date(d) + to_months(n::INTEGER))::DATE) ELSE ($date(d) + to_months(n::INTEGER))::DATE END
MONTHS_BETWEEN(a, b) num = CASE WHEN day($date(a)) = day($date(b)) OR ($date(a) = last_day($date(a)) AND $date(b) = last_day($date(b))) THEN date_diff('month', $date(b), $date(a))::DOUBLE ELSE date_diff('month', $date(b), $date(a)) + (day($date(a)) - day($date(b))) / 31 END
DATE_FROM_PARTS|DATEFROMPARTS(y, m, d) date = (make_date(y::BIGINT, 1, 1) + to_months((m - 1)::INTEGER) + to_days((d - 1)::INTEGER))::DATE
TIME_FROM_PARTS|TIMEFROMPARTS(h, m, s) time = TIME '00:00:00' + to_seconds(h::BIGINT * 3600 + m::BIGINT * 60 + s::BIGINT)
TIME_FROM_PARTS(h, m, s, n) = $TIME_FROM_PARTS(h, m, s) + to_microseconds(n::BIGINT // 1000)
TIMESTAMP_FROM_PARTS|TIMESTAMPFROMPARTS|TIMESTAMP_NTZ_FROM_PARTS|TIMESTAMPNTZFROMPARTS(d, t) ntz = $date(d) + t::TIME
TIMESTAMP_FROM_PARTS(y, mo, d, h, m, s) = $DATE_FROM_PARTS(y, mo, d)::TIMESTAMP + to_seconds(h::BIGINT * 3600 + m::BIGINT * 60 + s::BIGINT)
TIMESTAMP_FROM_PARTS(y, mo, d, h, m, s, n) = $TIMESTAMP_FROM_PARTS(y, mo, d, h, m, s) + to_microseconds(n::BIGINT // 1000)
CONVERT_TIMEZONE(z, t) = timezone(z, $ltz(t))
CONVERT_TIMEZONE(f, z, t) = timezone(z, timezone(f, $ntz(t)))
TO_DATE|DATE(a) date = $date(a)
TO_TIME|TIME(a) = $time(a)
TO_TIMESTAMP|TO_TIMESTAMP_NTZ(a) ntz = $ntz(a)
TO_TIMESTAMP_LTZ(a) ltz = $ltz(a)
TO_TIMESTAMP_TZ(a) ltz = $ltz(a)
TRY_TO_DATE(a) = CASE WHEN regexp_full_match($text(a), '-?\d+') THEN $epoch(TRY_CAST($text(a) AS HUGEINT))::DATE ELSE TRY_CAST($text(a) AS TIMESTAMP)::DATE END
TRY_TO_TIME(a) = TRY_CAST($text(a) AS TIME)
TRY_TO_TIMESTAMP|TRY_TO_TIMESTAMP_NTZ(a) = CASE WHEN regexp_full_match($text(a), '-?\d+') THEN $epoch(TRY_CAST($text(a) AS HUGEINT)) ELSE TRY_CAST($text(a) AS TIMESTAMP) END
TRY_TO_TIMESTAMP_TZ|TRY_TO_TIMESTAMP_LTZ(a) = TRY_CAST($text(a) AS TIMESTAMPTZ)
TRY_TO_DOUBLE(a) = TRY_CAST($text(a) AS DOUBLE)
TRY_TO_BOOLEAN(a) = CASE WHEN lower(trim($text(a))) IN ('true', 't', 'yes', 'y', 'on', '1') THEN TRUE WHEN lower(trim($text(a))) IN ('false', 'f', 'no', 'n', 'off', '0') THEN FALSE END
TO_BOOLEAN(a) bool = $bool(a)
TO_DOUBLE(a) real = $num(a)::DOUBLE
TRY_TO_BINARY(a) = CASE WHEN regexp_full_match(a, '([0-9A-Fa-f]{2})*') THEN unhex(a) END
TRY_TO_BINARY(a, f) = CASE WHEN upper(f) = 'HEX' THEN CASE WHEN regexp_full_match(a, '([0-9A-Fa-f]{2})*') THEN unhex(a) END WHEN upper(f) = 'BASE64' THEN TRY(from_base64(a)) ELSE encode(a) END

-- semi-structured values
PARSE_JSON(s VARIANT) = $PARSE_JSON($text(s))
PARSE_JSON(s) = CASE WHEN trim(s::VARCHAR) = '' THEN NULL WHEN json_valid(s::VARCHAR) THEN s::VARCHAR::JSON::VARIANT WHEN s IS NOT NULL THEN error('SF:100069:22P02:Error parsing JSON: ' || left(s::VARCHAR, 100)) END
TRY_PARSE_JSON(s) = CASE WHEN json_valid($text(s)) THEN $text(s)::JSON::VARIANT END
CHECK_JSON(s) = CASE WHEN $text(s) = '' OR json_valid($text(s)) THEN NULL WHEN s IS NOT NULL THEN 'incomplete or invalid JSON' END
TO_JSON(a) text = a::VARIANT::JSON::VARCHAR
TO_VARIANT(a) = a::VARIANT
TO_ARRAY(a VARIANT) arr = CASE WHEN variant_typeof(a) LIKE 'ARRAY%' THEN a::VARIANT[] WHEN a IS NOT NULL THEN [a] END
TO_ARRAY(a VARIANT[]) = a
TO_ARRAY(a) = CASE WHEN a IS NOT NULL THEN [a::VARIANT] END
TO_OBJECT(a) = $obj(a)
STRIP_NULL_VALUE(a) = a::VARIANT
TYPEOF(a) text = $kind(a::VARIANT)
kind(v) text = CASE regexp_extract(variant_typeof(v), '^[A-Z]+') WHEN 'VARCHAR' THEN 'VARCHAR' WHEN 'BOOL' THEN 'BOOLEAN' WHEN 'INT' THEN 'INTEGER' WHEN 'UINT' THEN 'INTEGER' WHEN 'DECIMAL' THEN CASE WHEN variant_typeof(v) LIKE '% 0)' THEN 'INTEGER' ELSE 'DECIMAL' END WHEN 'ARRAY' THEN 'ARRAY' WHEN 'OBJECT' THEN 'OBJECT' WHEN 'TIMESTAMP' THEN 'TIMESTAMP_NTZ' WHEN 'VARIANT' THEN NULL WHEN 'FLOAT' THEN 'DOUBLE' WHEN 'BLOB' THEN 'BINARY' ELSE regexp_extract(variant_typeof(v), '^[A-Z]+') END
IS_ARRAY(a) = $TYPEOF(a) = 'ARRAY'
IS_OBJECT(a) = $TYPEOF(a) = 'OBJECT'
IS_VARCHAR|IS_CHAR(a) = $TYPEOF(a) = 'VARCHAR'
IS_BOOLEAN(a) = $TYPEOF(a) = 'BOOLEAN'
IS_INTEGER(a) = $TYPEOF(a) = 'INTEGER'
IS_DECIMAL(a) = $TYPEOF(a) IN ('INTEGER', 'DECIMAL')
IS_DOUBLE|IS_REAL(a) = $TYPEOF(a) IN ('INTEGER', 'DECIMAL', 'DOUBLE')
IS_DATE(a) = $TYPEOF(a) = 'DATE'
IS_TIME(a) = $TYPEOF(a) = 'TIME'
IS_BINARY(a) = $TYPEOF(a) = 'BINARY'
IS_TIMESTAMP_NTZ(a) = $TYPEOF(a) = 'TIMESTAMP_NTZ'
AS_ARRAY(a) = CASE WHEN $TYPEOF(a) = 'ARRAY' THEN $arr(a) END
AS_OBJECT(a) = CASE WHEN $TYPEOF(a) = 'OBJECT' THEN $obj(a) END
AS_VARCHAR|AS_CHAR(a) = CASE WHEN $TYPEOF(a) = 'VARCHAR' THEN $text(a) END
AS_BOOLEAN(a) = CASE WHEN $TYPEOF(a) = 'BOOLEAN' THEN $bool(a) END
AS_INTEGER(a) = CASE WHEN $TYPEOF(a) = 'INTEGER' THEN $int(a) END
AS_DOUBLE|AS_REAL(a) = CASE WHEN $TYPEOF(a) IN ('INTEGER', 'DECIMAL', 'DOUBLE') THEN $num(a)::DOUBLE END
AS_DATE(a) = CASE WHEN $TYPEOF(a) = 'DATE' THEN $date(a) END
get(v, k VARCHAR) = json_extract(v::VARIANT::JSON, '$."' || replace(k, '"', '\"') || '"')::VARIANT
get(v, k) = CASE WHEN k >= 0 THEN json_extract(v::VARIANT::JSON, '$[' || k::BIGINT || ']')::VARIANT END
GET_IGNORE_CASE(v, k) = list_filter(map_entries($obj(v)::MAP(VARCHAR, JSON)), lambda e: lower(e.key) = lower(k))[1].value::VARIANT
OBJECT_KEYS(v) arr = json_keys(v::VARIANT::JSON)::VARIANT[]
object(entries) obj = to_json(map_from_entries(list_filter(entries, lambda e: e.k IS NOT NULL AND e.v IS NOT NULL)))
object_with_nulls(entries) obj = to_json(map_from_entries(list_filter(entries, lambda e: e.k IS NOT NULL)))
entries(v) = list_transform(map_entries($obj(v)::MAP(VARCHAR, JSON)), lambda e: {k: e.key, v: e.value::VARIANT})
OBJECT_INSERT(o, k, v) obj = $OBJECT_INSERT(o, k, v, FALSE)
OBJECT_INSERT(o, k, v, replaces) = CASE WHEN NOT replaces AND list_contains(json_keys(o::VARIANT::JSON), k) THEN error('SF:100103:22000:Duplicate field key ''' || k || '''') ELSE $object(list_append(list_filter($entries(o), lambda e: e.k <> k), {k: k, v: v::VARIANT})) END
object_without(o, ks) = $object_with_nulls(list_filter($entries(o), lambda e: NOT list_contains(ks, e.k)))
ARRAY_SIZE(a) int = len($arr(a))
ARRAY_CONTAINS(v, a) = list_contains($arr(a), v::VARIANT)
ARRAY_POSITION(v, a) = nullif(list_position($arr(a), v::VARIANT), 0) - 1
ARRAY_APPEND(a, v) arr = list_append($arr(a), v::VARIANT)
ARRAY_PREPEND(a, v) arr = list_prepend(v::VARIANT, $arr(a))
ARRAY_CAT(a, b) arr = CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN list_concat($arr(a), $arr(b)) END
ARRAY_COMPACT(a) arr = list_filter($arr(a), lambda e: e IS NOT NULL)
ARRAY_INSERT(a, i, v) = list_concat($arr(a)[:i::BIGINT], [v::VARIANT], $arr(a)[i::BIGINT + 1:])
ARRAY_REMOVE(a, v) = list_filter($arr(a), lambda e: e <> v::VARIANT)
ARRAY_REMOVE_AT(a, i) = list_concat($arr(a)[:i::BIGINT], $arr(a)[i::BIGINT + 2:])
ARRAY_SLICE(a, i, j) arr = $arr(a)[(CASE WHEN i < 0 THEN greatest(len($arr(a)) + i, 0) ELSE i END)::BIGINT + 1:(CASE WHEN j < 0 THEN len($arr(a)) + j ELSE j END)::BIGINT]
ARRAY_TO_STRING(a, d) text = array_to_string(list_transform($arr(a), lambda e: coalesce($text(e), '')), d)
ARRAY_DISTINCT(a) arr = list_filter($arr(a), lambda e, i: list_position($arr(a), e) = i)
ARRAY_INTERSECTION(a, b) = list_filter($arr(a), lambda e: list_contains($arr(b), e))
ARRAY_EXCEPT(a, b) = list_filter($arr(a), lambda e: NOT list_contains($arr(b), e))
ARRAYS_OVERLAP|ARRAY_CONTAINS_ANY(a, b) bool = list_has_any($arr(a), $arr(b))
ARRAY_MIN(a) = list_min($arr(a))
ARRAY_MAX(a) = list_max($arr(a))
ARRAY_SORT(a) arr = list_sort($arr(a), 'ASC', 'NULLS LAST')
ARRAY_SORT(a, up) = CASE WHEN up THEN list_sort($arr(a), 'ASC', 'NULLS LAST') ELSE list_sort($arr(a), 'DESC', 'NULLS FIRST') END
ARRAY_REVERSE(a) = list_reverse($arr(a))
ARRAY_GENERATE_RANGE(i, j) arr = $ARRAY_GENERATE_RANGE(i, j, 1)
ARRAY_GENERATE_RANGE(i, j, step) = CASE WHEN (j - i) / step > 10000 THEN $many() ELSE range(i::BIGINT, CASE WHEN (j - i) / step > 10000 THEN i ELSE j END::BIGINT, step::BIGINT)::VARIANT[] END
ARRAY_FLATTEN(a) = flatten(list_transform($arr(a), lambda e: $arr(e)))

-- vectors
VECTOR_L1_DISTANCE(a, b) = list_sum(list_transform(list_zip(a, b), lambda p: abs(p[1] - p[2])))::DOUBLE
VECTOR_L2_DISTANCE(a, b) = list_distance(a, b)::DOUBLE
VECTOR_INNER_PRODUCT(a, b) = list_inner_product(a, b)::DOUBLE
VECTOR_COSINE_SIMILARITY(a, b) = list_cosine_similarity(a, b)::DOUBLE

-- relations
pairs(v VARIANT) = CASE WHEN variant_typeof(v) LIKE 'ARRAY%' THEN list_transform(v::VARIANT[], lambda e, i: {KEY: NULL::VARCHAR, PATH: '[' || (i - 1) || ']', "INDEX": (i - 1)::HUGEINT, "VALUE": e}) WHEN variant_typeof(v) LIKE 'OBJECT%' THEN list_transform(map_entries(v::JSON::MAP(VARCHAR, JSON)), lambda e: {KEY: e.key, PATH: CASE WHEN regexp_full_match(e.key, '[A-Za-z_]\w*') THEN e.key ELSE '[''' || e.key || ''']' END, "INDEX": NULL::HUGEINT, "VALUE": e.value::VARIANT}) ELSE [] END
