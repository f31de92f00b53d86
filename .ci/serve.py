"""Clients and attackers of `bittern serve`; `.ci/serve` starts it. The connection's parameters are libpq's environment."""

import datetime, json, os, pathlib, re, socket, ssl, struct, subprocess, sys, threading, time

import psycopg


def connect(**more):
    return psycopg.connect(autocommit=True, **more)


def refused(sql, expected=None, connection=None, seconds=14.0, busy=False):
    """The statement ends with an error, within time; the connection stays good. On a busy server every place may be taken for a while."""
    not_yet = (psycopg.errors.OutOfMemory, psycopg.errors.QueryCanceled) if busy else psycopg.errors.OutOfMemory
    own = connection or connect()
    begun = time.monotonic()
    try:
        own.execute(sql).fetchall()
    except psycopg.Error as error:
        took, code = time.monotonic() - begun, error.sqlstate
    else:
        raise SystemExit(f"this was answered: {sql[:200]}")
    assert took < seconds, (sql[:200], took)
    assert expected is None or code in expected, (sql[:200], code, expected)
    for _ in range(20):
        try:
            assert own.execute("SELECT 1").fetchone() == (1,), "the connection is good no more"
            break
        except not_yet:
            # Another query's memory is not gone yet, or its place.
            time.sleep(0.5)
    else:
        raise SystemExit(f"nothing is answered after {sql[:200]}")
    if connection is None:
        own.close()
    return took


def clients(hunts_file, hunts_folder, dashboard):
    connection = connect()
    utc = datetime.timezone.utc
    for binary in (False, True):
        cursor = connection.cursor(binary=binary)
        row = cursor.execute(
            "SELECT detection_id, risk_score, observed, first_event_time, techniques, evidence, NULL, TRUE FROM alerts"
            " WHERE severity = %s AND risk_score >= %s AND interval_start >= %s ORDER BY alert_id LIMIT 1",
            ("high", 10, datetime.datetime(2024, 1, 1, tzinfo=utc)),
        ).fetchone()
        kinds = [type(value).__name__ for value in row]
        assert kinds == ["str", "int", "float", "datetime", "list", "list", "NoneType", "bool"], kinds
        row = cursor.execute("SELECT event_date, file_size FROM events WHERE event_date < %s AND file_size > %s LIMIT 1",
                             (datetime.date(2026, 12, 1), 1000)).fetchone()
        assert isinstance(row[0], datetime.date) and row[1] > 1000, row
        (count,) = cursor.execute("SELECT count(*) FROM events WHERE event_time >= %s::timestamptz", ("2024-01-01",)).fetchone()
        assert count > 1000, count
    with psycopg.connect() as transaction, transaction.cursor() as cursor:
        assert len(cursor.execute("SELECT event_id FROM events").fetchmany(10)) == 10
    with connection.cursor() as cursor:
        assert sum(1 for _ in cursor.stream("SELECT event_id FROM events LIMIT 3000")) == 3000

    for hunt in map(json.loads, open(hunts_file)):
        text = (pathlib.Path(hunts_folder) / f"{hunt['hunt']}.sql").read_text()
        given = dict(pair.split("=", 1) for pair in hunt["params"].split())
        for name in sorted(given, key=len, reverse=True):
            value = given[name]
            quoted = not re.fullmatch(r"-?[0-9.]+|true|false", value) or name in ("from", "to", "day")
            text = text.replace(f"${name}", "'" + value.replace("'", "''") + "'" if quoted else value)
        try:
            connection.execute(text).fetchall()
        except psycopg.Error as error:
            raise SystemExit(f"hunt {hunt['hunt']}: {error}")

    panels = json.load(open(dashboard))["panels"]
    queries = [target["rawSql"] for panel in panels for target in panel.get("targets", [])]
    assert len(queries) >= 5
    for sql in queries:
        # What Grafana puts in place of its macros.
        sql = re.sub(r"\$__timeFilter\((\w+)\)", r"\1 BETWEEN '2024-01-01T00:00:00Z' AND '2026-12-01T00:00:00Z'", sql)
        sql = re.sub(r"\$__timeGroupAlias\((\w+), *'1d'\)", r"""floor(extract(epoch from \1)/86400)*86400 AS "time\"""", sql)
        assert "$__" not in sql, sql
        for user in ("ana", "ben"):
            with connect(user=user) as own:
                own.execute(sql).fetchall()

    victim = connect()
    threading.Timer(0.7, victim.cancel).start()
    took = refused("SELECT count(*) FROM generate_series(1, 1000000) a CROSS JOIN generate_series(1, 1000000) b", ("57014",), victim)
    assert took < 5, took

    import adbc_driver_postgresql.dbapi as adbc

    uri = f"postgresql://{os.environ['PGUSER']}@{os.environ['PGHOST']}:{os.environ['PGPORT']}/bittern"
    with adbc.connect(uri) as connection, connection.cursor() as cursor:
        # ADBC fetches by COPY, which this server does not have, unless it is told not to.
        cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})
        cursor.execute("SELECT detection_id, count(*) AS n FROM alerts GROUP BY detection_id ORDER BY n DESC")
        table = cursor.fetch_arrow_table()
        assert table.num_rows > 5 and table.column_names == ["detection_id", "n"], table


def message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


def plain_socket():
    stream = socket.create_connection((os.environ["PGHOST"], int(os.environ["PGPORT"])), timeout=30)
    return stream


def encrypted_socket():
    stream = plain_socket()
    stream.sendall(struct.pack("!ii", 8, 80877103))
    # Who is one stranger too many is closed upon: a reset for one, the end of the stream for another.
    if stream.recv(1) != b"S":
        raise ConnectionResetError("the server does not listen to one more stranger")
    context = ssl.create_default_context(cafile=os.environ["PGSSLROOTCERT"])
    return context.wrap_socket(stream, server_hostname="localhost")


def startup(user="ana"):
    body = struct.pack("!i", 196608) + b"user\0" + user.encode() + b"\0database\0bittern\0\0"
    return struct.pack("!i", len(body) + 4) + body


def everything(stream):
    found = b""
    try:
        while chunk := stream.recv(65536):
            found += chunk
    except OSError:
        pass
    return found


def strangers():
    """What somebody may try who has no password."""
    stream = plain_socket()
    stream.sendall(startup())
    assert b"28000" in everything(stream), "a login in plain text was let on"
    for name, sent in {
        "a query before the proof": startup() + message(b"Q", b"SELECT 1\0"),
        "no proof at all": startup() + message(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", 2**31 - 1)),
        "a mechanism that is none": startup() + message(b"p", b"PLAIN\0" + struct.pack("!i", 0)),
        "an endless message": struct.pack("!i", 2**31 - 1) + b"x" * 100000,
        "a negative length": struct.pack("!i", -5) + b"x" * 100,
        "noise": os.urandom(5000),
    }.items():
        stream = encrypted_socket()
        try:
            stream.sendall(sent)
        except OSError:
            pass
        assert b"Z\0\0\0\5" not in everything(stream), name
    # What was sent before the encryption must not be taken as sent within.
    stream = plain_socket()
    stream.sendall(struct.pack("!ii", 8, 80877103) + startup())
    assert b"R" not in everything(stream)[1:2]


def attack(bittern, config, server):
    job = [bittern, "run", "activity_daily", "channel_daily", "--full", "--config", config, "--format", "json"]

    def timed():
        begun = time.monotonic()
        subprocess.run(job, check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - begun

    normal = timed()
    strangers()
    ending = threading.Event()
    failures = []

    def again(work):
        def loop():
            while not ending.is_set():
                try:
                    work()
                except SystemExit as error:
                    failures.append(str(error))
                    return
                except (psycopg.Error, OSError, AssertionError) as error:
                    # Places are few, and somebody else may have them.
                    if getattr(error, "sqlstate", None) not in (None, "53300") or isinstance(error, AssertionError):
                        failures.append(repr(error))
                        return
                    time.sleep(0.1)

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        return thread

    limits = ("57014", "53200", "54000", "54001", "53300", "42601", "22000", "42883")
    heavy = [
        "SELECT max(value) FROM generate_series(1, 10000000000)",
        "SELECT count(*) FROM events a CROSS JOIN events b CROSS JOIN events c WHERE a.event_id < b.event_id",
        "SELECT repeat('x', 1000000000)",
        "SELECT array_agg(a.event_id || b.event_id) FROM events a CROSS JOIN events b",
        "SELECT regexp_replace(repeat('a', 1000000), 'a', repeat('b', 10000), 'g')",
        "SELECT * FROM (SELECT a.event_id AS i, sum(1) OVER () AS n FROM events a CROSS JOIN events b) AS w ORDER BY i",
        "WITH RECURSIVE t AS (SELECT 'x' AS s UNION ALL SELECT s || s FROM t) SELECT max(length(s)) FROM t",
        "SELECT " + "(" * 10000 + "1" + ")" * 10000,
        "SELECT 1 WHERE " + " OR ".join(f"'{n}' = 'x'" for n in range(10000)),
        "SELECT 'x' ~ '((a{200}){200}){200}'",
    ]
    print("seconds until refused:", ", ".join(f"{refused(sql, limits):.1f}" for sql in heavy))
    for sql in (
        "DROP TABLE events", "INSERT INTO events SELECT * FROM events", "COPY events TO '/tmp/x'", "COPY events TO STDOUT",
        "CREATE TABLE t AS SELECT 1", "EXPLAIN ANALYZE INSERT INTO events SELECT * FROM events", "PREPARE p AS SELECT 1",
        "SET datafusion.runtime.memory_limit = '1T'", "SET datafusion.execution.batch_size = 1", "SET ROLE admin",
        "SELECT 1; DROP TABLE events", "SELECT * FROM '/etc/passwd'", "CREATE FUNCTION f() RETURNS INT RETURN 1",
    ):
        refused(sql, ("25006", "42501", "42601", "42P01"))
    long_list = "SELECT count(*) FROM events WHERE raw_line IN (" + ",".join(map(str, range(5000))) + ")"
    connect().execute(long_list).fetchall()

    def vanishing():
        own = connect()
        own.pgconn.send_query(heavy[1].encode())
        own.pgconn.flush()
        time.sleep(0.3)
        os.close(os.dup(own.pgconn.socket))
        socket.socket(fileno=os.dup(own.pgconn.socket)).shutdown(socket.SHUT_RDWR)
        own.close()

    def slow():
        own = connect(user="ben")
        own.pgconn.send_query(b"SELECT a.event_id, b.event_id FROM events a CROSS JOIN events b")
        own.pgconn.flush()
        time.sleep(3)
        own.close()

    # Four minds that ask as much as they may, beside clients that vanish, read slowly, or only sit there.
    threads = [again(lambda sql=sql: refused(sql, limits, seconds=30, busy=True)) for sql in heavy[:6]]
    threads += [again(vanishing), again(slow)]
    idle = []
    for _ in range(200):
        try:
            idle.append(encrypted_socket())
        except OSError:
            break
    begun = time.monotonic()
    beside = timed()
    memory = [line.split()[1] for line in open(f"/proc/{server}/status") if line.startswith(("VmHWM", "VmRSS"))]
    ending.set()
    for stream in idle:
        stream.close()
    for thread in threads:
        thread.join(40)
    assert not failures, failures
    ratio = beside / normal
    print(f"a job alone {normal:.1f} s, beside the attack {beside:.1f} s: {ratio:.2f} times; "
          f"the server's memory at most {int(memory[0]) // 1024} MiB; {len(idle)} idle strangers")
    assert ratio < 4, ratio
    deadline = time.monotonic() + 30
    while True:
        try:
            assert connect().execute("SELECT count(*) > 0 FROM alerts").fetchone() == (True,)
            break
        except psycopg.Error:
            assert time.monotonic() < deadline, "the server does not answer any more"
            time.sleep(0.5)


if sys.argv[1] == "clients":
    clients(*sys.argv[2:])
else:
    attack(*sys.argv[2:])
