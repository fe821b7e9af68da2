"""Stages, PUT and GET, file formats and COPY INTO, with the real Snowpark session."""

from __future__ import annotations

import datetime as dt
import glob
import gzip
import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from snowflake.snowpark import Session
from snowflake.snowpark.exceptions import SnowparkSQLException

from local_cortex.sql.sql_error import SqlError
from local_cortex.stages import stage_files
from local_cortex.stages.stage_files import Stages

Rows = list[tuple[Any, ...]]
QUOTED = """file_format = (type = csv skip_header = 1 field_optionally_enclosed_by = '"')"""
PEOPLE = 'id,name,price\n1,"Kim, J",1.5\n2,이름,\n3,"",2.25\n'


@pytest.fixture
def run(session: Session) -> Callable[..., Rows]:
    return lambda sql, *params: [tuple(row) for row in session.sql(sql, params=params).collect()]


@pytest.fixture
def put(session: Session, tmp_path: Path) -> Callable[..., None]:
    """Put a file of this content into a stage, as it is."""

    def put_one(name: str, content: str | bytes, at: str = "@files") -> None:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        session.file.put(glob.escape(str(path)), at, auto_compress=False, overwrite=True)

    return put_one


@pytest.fixture(autouse=True)
def _stage(run: Callable[..., Rows]) -> Iterator[None]:
    run("create or replace stage files")
    run("create or replace table people (id int, name varchar, price number(10, 2))")
    yield
    run("drop stage files")


def names(run: Callable[..., Rows], at: str = "@files") -> list[str]:
    return [row[0] for row in run(f"list {at}")]


def refused(run: Callable[..., Rows], sql: str) -> str:
    with pytest.raises(SnowparkSQLException) as raised:
        run(sql)
    return str(raised.value.message)


def outcome(run: Callable[..., Rows], sql: str) -> str:
    try:
        return str(run(sql))
    except SnowparkSQLException as error:
        return str(error.message)


def test_a_file_is_put_listed_fetched_and_removed(
    session: Session, run: Callable[..., Rows], tmp_path: Path
) -> None:
    source = tmp_path / "with blank"
    source.mkdir()
    (source / "a.csv").write_text("1,2\n")
    (result,) = session.file.put(str(source / "a.csv"), "@files/in/here")
    assert (result.target, result.status) == ("a.csv.gz", "UPLOADED")
    ((name, size, md5, _),) = run("list @files")
    assert (name, size, len(md5)) == ("files/in/here/a.csv.gz", result.target_size, 32)
    (got,) = session.file.get("@files/in", str(tmp_path))
    assert got.status == "DOWNLOADED"
    assert gzip.decompress((tmp_path / "a.csv.gz").read_bytes()) == b"1,2\n"
    assert run("remove @files pattern = '.*gz'") == [("files/in/here/a.csv.gz", "removed")]
    assert names(run) == []


def test_streams_go_to_a_stage_and_come_back(session: Session) -> None:
    session.file.put_stream(io.BytesIO(b"text"), "@files/p/x.txt", auto_compress=False)
    with session.file.get_stream("@files/p/x.txt") as stream:
        assert stream.read() == b"text"


def test_put_takes_every_file_of_a_pattern(
    session: Session, run: Callable[..., Rows], tmp_path: Path
) -> None:
    for name in ("a.csv", "b.csv", "c.txt"):
        (tmp_path / name).write_text("1")
    session.file.put(f"{tmp_path}/*.csv", "@files", auto_compress=False)
    assert names(run) == ["files/a.csv", "files/b.csv"]


def test_put_packs_a_file_unless_it_is_told_not_to(
    run: Callable[..., Rows], tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("1\n")
    for options, target in (("", "a.csv.gz"), ("auto_compress = false", "a.csv")):
        ((_, put, *_),) = run(f"put file://{tmp_path}/a.csv @files {options}")
        assert put == target


@pytest.mark.parametrize("parallel", ["0", "100", "'x'"])
def test_parallel_is_a_number_from_1_to_99(session: Session, tmp_path: Path, parallel: str) -> None:
    (tmp_path / "a.csv").write_text("1")
    with pytest.raises(SnowparkSQLException, match="invalid parameter 'PARALLEL'"):
        session.sql(f"PUT file://{tmp_path}/a.csv @~ PARALLEL={parallel}").collect()
    session.sql(f"PUT file://{tmp_path}/a.csv @~ PARALLEL=99").collect()


def test_the_user_and_each_table_have_a_stage(
    put: Callable[..., None], run: Callable[..., Rows]
) -> None:
    put("a.csv", "1,x,2\n", "@~/mine")
    put("b.csv", "2,y,3\n", "@%people")
    assert names(run, "@~/mine") == ["mine/a.csv"]
    assert names(run, "@%people") == ["b.csv"]
    run("copy into people from @%people")
    assert run("select * from people") == [(2, "y", Decimal("3.00"))]
    for at in ("@~", "@%people"):
        run(f"remove {at}")


def test_a_stage_name_may_be_quoted_and_qualified(
    put: Callable[..., None], run: Callable[..., Rows]
) -> None:
    run('create or replace temp stage "My Stage"')
    put("a.csv", "1\n", "'@course.public.\"My Stage\"/한글 폴더'")
    assert names(run, '@"My Stage"') == ["My Stage/한글 폴더/a.csv"]
    assert run("""select $1 from '@"My Stage"/한글 폴더/a.csv'""") == [("1",)]


@pytest.mark.parametrize("at", ["@files/p/", "'@files//p//'"])
def test_a_folder_is_the_same_however_many_slashes_it_is_given(
    put: Callable[..., None], run: Callable[..., Rows], at: str
) -> None:
    put("a.csv", "1,x,2\n", at)
    assert names(run, at) == ["files/p/a.csv"]
    run(f"copy into people from {at} files = ('a.csv')")
    assert run("select id from people") == [(1,)]


def test_a_path_that_leaves_the_stage_is_refused(run: Callable[..., Rows]) -> None:
    for path in ("../x", "a/../../x", "./x", "a\\\\b"):
        assert "invalid stage location" in refused(run, f"list '@files/{path}'")
        assert "invalid stage location" in refused(run, f"put 'file:///tmp/x' '@files/{path}'")


def test_a_link_in_a_stage_is_not_followed(
    session: Session, run: Callable[..., Rows], tmp_path: Path
) -> None:
    cursor = session.connection.cursor()
    answer = cursor._execute_helper("put 'file:///tmp/x' @files/here")
    folder = Path(answer["data"]["stageInfo"]["location"])
    (tmp_path / "secret").write_text("secret")
    (folder / "link.csv").symlink_to(tmp_path / "secret")
    assert names(run, "@files/here/link.csv") == []
    assert run("select $1 from @files/here/link.csv") == []


def test_what_is_too_large_is_not_put(
    put: Callable[..., None],
    run: Callable[..., Rows],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "large.csv").write_text("x" * 11)
    put("a.csv", "1\n")
    monkeypatch.setattr(stage_files, "MAX_STAGE_BYTES", 10)
    assert "Remove some with REMOVE" in refused(run, f"put 'file://{tmp_path}/l*.csv' @files")
    put("a.csv", "1,2\n")


@pytest.mark.parametrize(
    ("limit", "last", "words"),
    [("MAX_STAGE_BYTES", 10, "Bytes in all"), ("MAX_STAGE_FILES", 2, "Files in all")],
)
def test_stages_may_be_filled_to_the_limit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: str, last: int, words: str
) -> None:
    stages = Stages(tmp_path)
    for name in ("a", "b"):
        (stages.own("~", "ADA").at("p") / name).write_bytes(b"12345")
    monkeypatch.setattr(stage_files, limit, last)
    stages.check_room()
    monkeypatch.setattr(stage_files, limit, last - 1)
    with pytest.raises(SqlError, match=f"{words} stages: Local Cortex allows {last - 1} at most"):
        stages.check_room()


def test_tables_have_stages_up_to_the_limit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(stage_files, "MAX_OBJECTS", 2)
    stages = Stages(tmp_path)
    first, second = stages.own("%", "first"), stages.own("%", "second")
    assert first.folder != second.folder
    with pytest.raises(SqlError, match="Stages of tables: Local Cortex allows 2 at most"):
        stages.own("%", "third")
    assert stages.own("%", "first") is first


def test_a_path_is_as_long_as_the_name_of_a_folder(tmp_path: Path) -> None:
    stage = Stages(tmp_path).own("~", "ADA")
    assert stage.at("p" * 254).is_dir()
    with pytest.raises(SqlError, match="invalid stage location"):
        stage.at("p" * 255)


def test_full_stages_can_only_be_listed_fetched_and_emptied(
    put: Callable[..., None], run: Callable[..., Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    put("a.csv", "x" * 11)
    monkeypatch.setattr(stage_files, "MAX_STAGE_BYTES", 10)
    for sql in ("select $1 from @files", "copy into people from @files"):
        assert "Remove some with REMOVE" in refused(run, sql)
    assert names(run) == ["files/a.csv"]
    run("remove @files")
    assert run("select $1 from @files") == []


def test_a_parquet_file_keeps_its_types(
    put: Callable[..., None], run: Callable[..., Rows], tmp_path: Path
) -> None:
    run("create or replace temp file format parquet_files type = parquet")
    at = dt.datetime(2024, 1, 2, 3, 4, 5, 678_000)
    columns = {"PRICE": [Decimal("1.50")], "NAME": ["x"], "AT": [at]}
    parquet.write_table(pa.table(columns), tmp_path / "made")
    put("p.parquet", (tmp_path / "made").read_bytes())
    ((price, name, moment, none),) = run(
        "select $1:PRICE::number(9, 2), $1:NAME::varchar, $1:AT::timestamp_ntz::varchar, "
        "$1:NONE::int from @files/p.parquet (file_format => 'parquet_files')"
    )
    assert (price, name, moment, none) == (Decimal("1.50"), "x", "2024-01-02 03:04:05.678", None)


def in_parquet(**columns: list[Any]) -> bytes:
    written = io.BytesIO()
    parquet.write_table(pa.table(columns), written)
    return written.getvalue()


@pytest.mark.parametrize(
    ("form", "first", "second", "found"),
    [
        ("csv parse_header = true", b"t,n\nx,1\n", b"n,m\n2,3\n", ["t", "n", "m"]),
        # The keys of objects come by name.
        ("json", b'{"t": "x", "n": 1}', b'{"n": 2, "m": 3}', ["m", "n", "t"]),
        ("parquet", in_parquet(t=["x"], n=[1]), in_parquet(n=[2], m=[3]), ["t", "n", "m"]),
    ],
)
def test_files_have_the_columns_of_all_of_them(
    put: Callable[..., None],
    run: Callable[..., Rows],
    form: str,
    first: bytes,
    second: bytes,
    found: list[str],
) -> None:
    run(f"create or replace temp file format theirs type = {form}")
    put("a", first)
    put("b", second)
    sql = (
        "select column_name from table(infer_schema(location => '@files', "
        "file_format => 'theirs'{})) order by order_id"
    )
    assert [name for (name,) in run(sql.format(""))] == found
    only = run(sql.format(", files => ('a')"))
    assert [name for (name,) in only] == [name for name in found if name != "m"]


@pytest.mark.parametrize(
    ("at", "form", "words"),
    [
        ("@files", "json", 'Malformed JSON in file "a"'),
        ("@files/in", "csv compression = gzip", "Input is not a GZIP stream: in/a"),
        ("@files/in", "parquet", "File 'in/a' too small"),
    ],
)
def test_a_file_that_cannot_be_read_is_called_what_its_stage_calls_it(
    put: Callable[..., None], run: Callable[..., Rows], at: str, form: str, words: str
) -> None:
    run(f"create or replace temp file format theirs type = {form}")
    put("a", '{"a": ', at)
    assert words in refused(run, f"select $1 from {at} (file_format => theirs)")


def test_a_stage_that_is_missing_is_reported(run: Callable[..., Rows]) -> None:
    message = "Stage 'COURSE.PUBLIC.NONE_SUCH' does not exist or not authorized."
    for sql in ("list @none_such", "drop stage none_such", "select $1 from @none_such/x"):
        assert message in refused(run, sql)
    assert run("drop stage if exists none_such")[0][0].startswith("Drop statement executed")


def test_an_external_stage_is_empty_and_says_so(run: Callable[..., Rows]) -> None:
    ((status,),) = run(
        "create or replace temp stage bucket url = 's3://bucket/' "
        "credentials = (aws_key_id = 'x' aws_secret_key = 'y')"
    )
    assert "Local Cortex does not reach s3://bucket/" in status
    assert run("list @bucket") == []
    assert run("copy into people from @bucket") == [("Copy executed with 0 files processed.",)]


def test_a_directory_lists_the_files_of_a_stage(
    put: Callable[..., None], run: Callable[..., Rows]
) -> None:
    run('create or replace stage "a+b"')
    put("a b.csv", "1,2\n", '@"a+b"/p')
    for change in ("refresh", "set directory = (enable = true)"):
        run(f'alter stage "a+b" {change}')
    ((path, size, at, md5, etag, url),) = run('select * from directory(@"a+b")')
    assert (path, size, len(md5), md5) == ("p/a b.csv", 4, 32, etag)
    assert url.endswith(".invalid/api/files/COURSE/PUBLIC/a%2Bb/p/a%20b.csv")
    assert at.tzinfo is not None
    sql = """select relative_path from directory('@course.public."a+b"') where size > {}"""
    assert (run(sql.format(3)), run(sql.format(4))) == ([("p/a b.csv",)], [])


def test_csv_is_loaded_once(put: Callable[..., None], run: Callable[..., Rows]) -> None:
    put("people.csv", PEOPLE)
    loaded = ("files/people.csv", "LOADED", 3, 3, 1, 0, None, None, None, None)
    assert run(f"copy into people from @files {QUOTED}") == [loaded]
    assert run("select * from people order by id") == [
        (1, "Kim, J", Decimal("1.50")),
        (2, "이름", None),
        (3, "", Decimal("2.25")),
    ]
    assert run(f"copy into people from @files {QUOTED}") == [
        ("Copy executed with 0 files processed.",)
    ]
    assert run(f"copy into people from @files {QUOTED} force = true") == [loaded]


def test_a_file_is_loaded_again_into_a_table_that_was_truncated(
    put: Callable[..., None], run: Callable[..., Rows]
) -> None:
    put("people.csv", PEOPLE)
    for _ in range(2):
        run("truncate table people")
        run(f"copy into people from @files {QUOTED}")
        assert run("select count(*) from people") == [(3,)]


def test_a_bad_value_stops_the_load_and_nothing_is_loaded(
    put: Callable[..., None], run: Callable[..., Rows]
) -> None:
    put("a.csv", "1,a,1\n")
    put("b.csv", "2,b,1\nx,c,1\n")
    message = refused(run, "copy into people from @files")
    assert "100038 (22018): Numeric value 'x' is not recognized" in message
    assert "File 'files/b.csv', line 2" in message
    assert run("select count(*) from people") == [(0,)]


@pytest.mark.parametrize(
    ("on_error", "status", "rows"),
    [
        ("continue", "PARTIALLY_LOADED", 1),
        ("skip_file", "LOAD_FAILED", 0),
    ],
)
def test_on_error_says_what_a_bad_row_does(
    put: Callable[..., None], run: Callable[..., Rows], on_error: str, status: str, rows: int
) -> None:
    put("a.csv", "1,a,1\nx,b,2\n3,c\n")
    ((_, found, parsed, loaded, _, errors, first, line, _, column),) = run(
        f"copy into people from @files on_error = {on_error}"
    )
    assert (found, parsed, loaded, errors) == (status, 3, rows, 2)
    assert (first, line, column) == ("Numeric value 'x' is not recognized", 2, "ID")
    assert run("select count(*) from people") == [(rows,)]


def test_a_row_of_another_length_is_an_error_unless_allowed(
    put: Callable[..., None], run: Callable[..., Rows]
) -> None:
    put("a.csv", "1,a,1,more\n2\n")
    sql = "copy into people from @files file_format = (type = csv {})"
    assert "Number of columns in file (4) does not match" in refused(run, sql.format(""))
    run(sql.format("error_on_column_count_mismatch = false"))
    assert run("select * from people order by id") == [(1, "a", Decimal("1.00")), (2, None, None)]


def test_csv_options_shape_the_values(put: Callable[..., None], run: Callable[..., Rows]) -> None:
    run(
        "create or replace table typed (n number(5, 0), f float, b boolean, d date, t time, "
        "bin binary, a array)"
    )
    put("a.csv", "header\n 1;1e3;yes;31.12.2024;10:11;4142;[1]\nNULL;;;;;;\n")
    run(
        "copy into typed from @files file_format = (type = csv field_delimiter = ';' "
        "skip_header = 1 trim_space = true null_if = ('NULL') date_format = 'DD.MM.YYYY')"
    )
    assert run("select n, f, b, d::varchar, t::varchar, hex_encode(bin), a[0] from typed") == [
        (1, 1000.0, True, "2024-12-31", "10:11:00", "4142", "1"),
        (None,) * 7,
    ]


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("a.csv.gz", gzip.compress("1,이름,2\n".encode()), ""),
        ("a.csv", gzip.compress("1,이름,2\n".encode()), "compression = gzip"),
        ("a.csv", "1,이름,2\n".encode("utf-16"), "encoding = 'UTF16'"),
        ("a.csv", "\ufeff1,이름,2\r\n".encode(), ""),
    ],
    ids=["gzip by its name", "gzip by the format", "UTF-16", "byte order mark"],
)
def test_compression_and_encoding_are_read(
    put: Callable[..., None], run: Callable[..., Rows], name: str, content: bytes, options: str
) -> None:
    put(name, content)
    run(f"copy into people from @files file_format = (type = csv {options})")
    assert run("select * from people") == [(1, "이름", Decimal("2.00"))]


ACCEPTED = [
    "type = 'csv'",
    *(f"encoding = '{name}'" for name in ("utf-8", "ISO-8859-1")),
    "compression = none",
    *(f"record_delimiter = {name}" for name in ("'\\n'", "'\\r\\n'", "'\\r'", "none")),
    *(f"null_if = {name}" for name in ("()", "'x'", "('x', 'y')")),
]


def test_an_option_may_be_written_in_each_of_its_forms(
    put: Callable[..., None], run: Callable[..., Rows]
) -> None:
    put("a.csv", "1,a,2\n")
    for option in ACCEPTED:
        load = f"copy into people from @files file_format = ({option}) force = true"
        assert "LOADED" in outcome(run, load), option


def test_a_date_of_each_usual_form_is_read(
    put: Callable[..., None], run: Callable[..., Rows]
) -> None:
    put("a.csv", "2024-12-31\n12/31/2024\n31-Dec-2024\n")
    run("create or replace table days (d date)")
    run("copy into days from @files")
    assert run("select distinct d from days") == [(dt.date(2024, 12, 31),)]


def test_json_goes_into_a_variant_or_by_column_name(
    put: Callable[..., None], run: Callable[..., Rows]
) -> None:
    put("a.json", '[{"ID": 1, "Name": "x"}, {"ID": 2}]')
    form = "file_format = (type = json strip_outer_array = true)"
    run("create or replace table documents (v variant)")
    run(f"copy into documents from @files {form}")
    assert run("select v:ID::int from documents order by 1") == [(1,), (2,)]
    run(f"copy into people from @files {form} match_by_column_name = case_insensitive")
    assert run("select id, name from people order by id") == [(1, "x"), (2, None)]


def test_a_query_transforms_what_is_loaded(
    put: Callable[..., None], run: Callable[..., Rows]
) -> None:
    put("people.csv", PEOPLE)
    run(f"copy into people (name, id) from (select upper(t.$2), $1 from @files t) {QUOTED}")
    assert run("select id, name from people order by id limit 1") == [(1, "KIM, J")]


def test_files_are_chosen_by_name_and_pattern(
    put: Callable[..., None], run: Callable[..., Rows]
) -> None:
    for name in ("a1.csv", "a2.csv", "b1.csv"):
        put(name, f"1,{name},1\n")
    run("copy into people from @files files = ('b1.csv')")
    run("copy into people from @files pattern = '.*2[.]csv'")
    assert run("select name from people order by name") == [("a2.csv",), ("b1.csv",)]
    assert "was not found" in refused(run, "copy into people from @files files = ('no.csv')")


def test_purge_removes_what_was_loaded(put: Callable[..., None], run: Callable[..., Rows]) -> None:
    put("a.csv", "1,a,1\n")
    put("bad.csv", "x,b,1\n")
    run("copy into people from @files on_error = skip_file purge = true")
    assert names(run) == ["files/bad.csv"]


def test_a_load_can_be_rolled_back(put: Callable[..., None], run: Callable[..., Rows]) -> None:
    put("a.csv", "1,a,1\n")
    for sql in ("begin", "copy into people from @files", "rollback"):
        run(sql)
    assert run("select count(*) from people") == [(0,)]


def test_files_are_queried_with_their_metadata(
    put: Callable[..., None], run: Callable[..., Rows]
) -> None:
    put("a.csv", "1,x\n2,y\n", "@files/p")
    sql = "select $2, metadata$filename, metadata$file_row_number, $9 from @files/p order by 1"
    assert run(sql) == [("x", "p/a.csv", 1, None), ("y", "p/a.csv", 2, None)]


def test_a_query_names_a_file_format(put: Callable[..., None], run: Callable[..., Rows]) -> None:
    run("create or replace file format as_json type = json")
    put("a.json", '{"a": {"b": 5}}')
    put("b.csv", "no json")
    for name in ("as_json", "'COURSE.PUBLIC.AS_JSON'"):
        sql = f"select t.$1:a.b::int from @files (file_format => {name}, pattern => '.*json') t"
        assert run(sql) == [(5,)]
    assert "File format 'COURSE.PUBLIC.NONE_SUCH' does not exist" in refused(
        run, "select $1 from @files (file_format => 'none_such')"
    )


def test_a_temporary_stage_ends_with_its_session(cortex: Any, run: Callable[..., Rows]) -> None:
    other = cortex.session()
    other.sql("create temp stage passing").collect()
    other.sql("list @passing").collect()
    assert "does not exist" in refused(run, "list @passing")
    other.close()


def test_a_stage_that_is_made_again_leaves_the_temporary_one_that_hides_it(
    put: Callable[..., None], run: Callable[..., Rows]
) -> None:
    run("create temp stage files")
    put("a.csv", "1\n")
    run("create or replace stage files")
    assert names(run) == ["files/a.csv"]
    run("drop stage files")
    assert names(run) == []


def test_a_path_without_quotes_ends_before_a_semicolon_and_may_follow_a_comment(
    put: Callable[..., None], run: Callable[..., Rows], tmp_path: Path
) -> None:
    put("a.csv", "1\n")
    folder = tmp_path / "fetched"
    folder.mkdir()
    run(f"-- fetch\n/* it */ get @files file://{folder};")
    assert [path.name for path in folder.iterdir()] == ["a.csv"]


NOT_RUN = [
    "copy into people from @files validation_mode = return_errors",
    "copy into people from @files file_format = (type = avro)",
    "copy into people from @files on_error = 'skip_file_3'",
    "copy into people from @files file_format = (type = csv encoding = 'EUCKR')",
    "copy into people from @files file_format = (type = csv compression = bz2)",
    "alter stage files set comment = 'x'",
]


def test_what_does_not_run_is_refused_by_name(run: Callable[..., Rows]) -> None:
    for sql in NOT_RUN:
        assert "000002 (0A000): Unsupported feature" in refused(run, sql), sql


UNKNOWN_OPTIONS = [
    "copy into people from @files nonsense = 1",
    "copy into people from @files file_format = (nonsense = 1)",
    "create stage odd nonsense = 1",
]


def test_an_unknown_option_is_refused(run: Callable[..., Rows]) -> None:
    for sql in UNKNOWN_OPTIONS:
        assert "invalid parameter 'NONSENSE'" in refused(run, sql), sql


def test_a_query_cannot_read_a_file_of_this_machine(run: Callable[..., Rows]) -> None:
    for source in (
        "'/etc/passwd'",
        "'file:///etc/passwd'",
        "@/etc/passwd",
        "'@~/../../etc/passwd'",
    ):
        assert "root:" not in refused(run, f"select $1 from {source}")


@pytest.mark.parametrize(
    "name",
    [
        "a[1]*{b}.csv",
        "x') -- .csv",
        pytest.param("it's.csv", marks=pytest.mark.thorough),
        pytest.param("이름 표.csv", marks=pytest.mark.thorough),
    ],
)
def test_a_file_of_any_name_is_read_alone(
    put: Callable[..., None], run: Callable[..., Rows], name: str
) -> None:
    put(name, "1,mine,2\n")
    put("a1b.csv", "2,other,3\n")
    quoted = name.replace("'", "\\'")
    assert run(f"select $2, metadata$filename from '@files/{quoted}'") == [("mine", name)]
    run(f"copy into people from @files files = ('{quoted}')")
    assert run("select name from people") == [("mine",)]


@pytest.mark.parametrize(
    "option",
    [
        "date_format = '\\')) from read_csv(\\'/etc/passwd\\') --'",
        "skip_header = '1 union all'",
        pytest.param("field_delimiter = '\\', x'", marks=pytest.mark.thorough),
        pytest.param("null_if = ('\\') or true --')", marks=pytest.mark.thorough),
        pytest.param("encoding = 'rot13'", marks=pytest.mark.thorough),
    ],
)
def test_an_option_stays_a_value(
    put: Callable[..., None], run: Callable[..., Rows], option: str
) -> None:
    put("a.csv", "2024-01-01\n")
    run("create or replace table days (d date)")
    load = f"copy into days from @files file_format = (type = csv {option}) on_error = continue"
    assert "fault of Local Cortex" not in outcome(run, load)
    assert len(run("select * from days")) <= 1
