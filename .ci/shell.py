"""Sits at the shell of `bittern sql` as a person would: types, completes, gives up, leaves; then looks at what was remembered."""

import fcntl, json, os, pty, re, select, stat, struct, sys, termios, time

scratch, bittern, config = sys.argv[1:]
checks = 0


class Terminal:
    """A pseudo terminal with a program in it."""

    def __init__(self, arguments, rows=50, columns=160, **environment):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update({"TERM": "xterm", "XDG_DATA_HOME": f"{scratch}/data", "USER": "ana", **environment})
            os.environ.pop("NO_COLOR", None)
            os.execv(bittern, [bittern, *arguments])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.fd, text.encode())

    def read(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.fd, 65536)
                except OSError:
                    return

    def until(self, pattern, seconds=60):
        """Everything up to the pattern; what follows is left."""
        until = time.monotonic() + seconds
        while not (found := re.search(pattern, self.seen, re.S)):
            if time.monotonic() > until:
                raise SystemExit(f"waited for {pattern!r} and saw {self.seen[-3000:]!r}")
            self.read(0.2)
        before, self.seen = self.seen[: found.end()], self.seen[found.end() :]
        return before

    def ask(self, line, prompt=rb"bittern=> ", seconds=60):
        """Types a line; what comes until the next prompt, behind which nothing is typed yet."""
        self.seen = b""
        self.type(line + "\r")
        time.sleep(0.3)
        return self.until(rb"\n[^\n]*" + prompt + rb"(\r\x1b\[\d+C)?(\x1b\[\?\d+[hl])*$", seconds)

    def ended(self, seconds=20):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.read(0.1)
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
        raise SystemExit("the shell does not end")


def check(holds, what):
    global checks
    if not holds:
        raise SystemExit(f"FAILED: {what}")
    checks += 1


PROMPT = rb"bittern=> "
# What somebody may have written into a chat to take over the terminal of whoever reads it: a title, a cleared screen, a C1 escape, an
# override of the reading direction, a carriage return.
HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\u2066\rok"
with open(f"{scratch}/hostile.jsonl", "w") as file:
    file.write(json.dumps({"text": HOSTILE, "n": 1}) + "\n")
with open(f"{scratch}/three.sql", "w") as file:
    file.write("-- three; of them\nSELECT 'a;b' AS one;\n\\x on\nSELECT 2 AS two; SELECT\n 3 AS three\n")
with open(f"{scratch}/wrong.sql", "w") as file:
    file.write("SELECT 1;\n\nSELECT *\nFROM nowhere_at_all;\n")
editor = f"{scratch}/editor"
with open(editor, "w") as file:
    file.write('#!/bin/sh\necho "SELECT 7 * 6 AS edited;" > "$1"\n')
os.chmod(editor, 0o700)

shell = Terminal(["sql", "--config", config, "--table", f"h={scratch}/hostile.jsonl"], EDITOR=editor, PAGER="")
shell.until(rb"\\\? helps")
shell.until(PROMPT)

# A query, and Tab.
shell.type("SELECT count(*) AS n FROM alert\t\t")
listed = shell.until(rb"alerts")
check(b"alert_actions" in listed and b"alert_changes" in listed, "Tab lists the tables")
answer = shell.ask("s;")
check(b"| n " in answer and b"(1 row, " in answer, f"a query is answered: {answer!r}")
shell.type("SELECT a.sever\t")
shell.read(1)
shell.type("\x15SELECT a.severity FROM alerts a WHERE a.risk_s\t")
shell.until(rb"risk_score")
shell.type("\x15")
shell.type("SELECT credential_find(")
check(b"credential_find(text)" in shell.until(rb"credential_find\(text\)"), "a function's call is hinted at")
shell.type("\x03")
shell.until(PROMPT)

# More lines than one.
check(shell.ask("SELECT 'a;", rb"bittern'> "), "an open text changes the prompt")
check(b"(1 row" in shell.ask("b' AS x;"), "and is closed in the next line")
shell.ask("SELECT (1", rb"bittern\(> ")
shell.type("\x03")
shell.until(PROMPT)

# Commands.
check(b"risk_score" in shell.ask("\\d alerts") and b"list of" in shell.ask("\\d alerts"), "\\d NAME lists columns")
check(b"person_risk" in shell.ask("\\dv"), "\\dv lists views")
check(b"credential_redact" in shell.ask("\\df credential"), "\\df lists functions")
check(b"opened_after_secret" in shell.ask("\\hunts secret"), "\\hunts lists hunts")
answer = shell.ask("\\hunt largest_downloads places=2", seconds=120)
check(b"person_id" in answer and b"Who took the most files" in answer, f"\\hunt answers one: {answer!r}")
shell.ask("\\x on")
check(b"-[ 1 ]" in shell.ask("SELECT 1 AS one, 2 AS two;"), "\\x puts columns below each other")
shell.ask("\\x off")
shell.ask("\\timing off")
check(b"(1 row)" in shell.ask("SELECT 1 AS one;"), "\\timing off says nothing of time")
check(b"there is no command" in shell.ask("\\nothing"), "an unknown command is named")
check(b"| edited" in shell.ask("\\e") and b"42" in shell.ask("SELECT 42;"), "\\e runs what the editor leaves")
shell.ask("\\x off")
check(b"three" in shell.ask(f"\\i {scratch}/three.sql"), "\\i runs a file")
shell.ask("\\x off")
wrong = shell.ask(f"\\i {scratch}/wrong.sql")
check(b"wrong.sql:4:6: " in wrong, f"an error of a file has its place: {wrong!r}")

# Errors have a place.
wrong = shell.ask("SELECT * FROM alertz;")
check(b"column 15" in wrong and b"\r\n                ^" in wrong, f"an error is pointed at: {wrong!r}")
check(b"error" in shell.ask("SELECT FROM WHERE;"), "a syntax error leaves the shell alive")

# Into files.
shell.ask(f"\\o {scratch}/out.csv")
shell.ask("\\format csv")
shell.ask("SELECT 1 AS a;")
shell.ask("SELECT 2 AS a;")
shell.ask("\\o")
check(open(f"{scratch}/out.csv").read() == "a\n1\na\n2\n", "\\o keeps answers in a file")
shell.ask("\\format parquet")
check(b"into a file" in shell.ask("SELECT 1 AS a;"), "Parquet wants a file")
shell.ask(f"\\o {scratch}/out.parquet")
shell.ask("SELECT 1 AS a;")
shell.ask("\\o")
check(open(f"{scratch}/out.parquet", "rb").read(4) == b"PAR1", "a Parquet file is one")

# Hostile text reaches the terminal in no format.
for form in ["table", "csv", "json", "markdown"]:
    shell.ask(f"\\format {form}")
    answer = shell.ask("SELECT text FROM h;")
    check(b"owned" in answer, f"{form}: the row is there")
    for bad in [b"\x1b]", b"\x1b[2J", b"\xc2\x9b", "\u202e".encode(), "\u2066".encode(), b"\x07"]:
        check(bad not in answer, f"{form}: {bad!r} reaches the terminal")
shell.ask("\\format table")

# A long query is given up, and the shell goes on.
shell.seen = b""
shell.type("SELECT count(*) FROM events a CROSS JOIN events b CROSS JOIN events c WHERE a.event_id || b.event_id <> c.event_id;\r")
check(b"rows read" in shell.until(rb"Ctrl-C gives it up", 60), "a long query says what it does")
began = time.monotonic()
shell.type("\x03")
shell.until(rb"given up", 20)
print(f"given up after {time.monotonic() - began:.2f} s")
shell.until(PROMPT)
check(b"| 42" in shell.ask("SELECT 6 * 7 AS answer;"), "the shell goes on")

# What is remembered.
secret = "ghp_" + "R4q9Tz1LmX0pVb7K" + "cY2sHd8WfJ6nAe3uGi5o"
shell.ask(f"SELECT credential_match('{secret}');")
shell.ask("SELECT 'doubled';")
shell.ask("SELECT 'doubled';")
shell.ask(" SELECT 'behind a space';")
shell.type("\x04")
check(shell.ended() == 0, "Ctrl-D leaves")
history = f"{scratch}/data/bittern/history"
kept = open(history).read()
check(stat.S_IMODE(os.stat(history).st_mode) == 0o600, "the history is its owner's alone")
check("SELECT 6 * 7 AS answer;" in kept and "\\\\d alerts" in kept, f"statements are kept: {kept}")
check("SELECT 'a;\\nb' AS x;" in kept, "one of several lines is one")
check("ghp_" not in kept, "a credential is not kept")
check(kept.count("'doubled'") == 1 and "behind a space" not in kept, "nor doubles, nor what begins with a space")

# The next shell knows the last one's, and pages what is long.
shell = Terminal(["sql", "--config", config], rows=12, PAGER=f"tee {scratch}/paged")
shell.until(PROMPT, 120)
shell.type("\x1b[A")
shell.until(rb"doubled")
shell.type("\x15")
shell.ask("\\dt")
check("credential_findings" in open(f"{scratch}/paged").read(), "what is longer than the screen is paged")
shell.ask("\\pager off")
os.remove(f"{scratch}/paged")
shell.ask("\\dt")
check(not os.path.exists(f"{scratch}/paged"), "\\pager off pages nothing")
shell.type("\\q\r")
check(shell.ended() == 0, "\\q leaves")
print(f"{checks} passed, 0 failed")
