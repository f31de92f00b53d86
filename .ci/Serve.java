import java.sql.*;
import java.util.*;

/** A JDBC client of `bittern serve`: user and password come from the environment. */
class Serve {
    public static void main(String[] arguments) throws Exception {
        String user = System.getenv("PGUSER"), password = System.getenv("PGPASSWORD");
        try (Connection connection = DriverManager.getConnection(arguments[0], user, password)) {
            Set<String> tables = new HashSet<>();
            try (ResultSet found = connection.getMetaData().getTables(null, "public", "%", new String[] {"TABLE", "VIEW"})) {
                while (found.next()) tables.add(found.getString("TABLE_NAME"));
            }
            check(tables.contains("events") && tables.contains("acts"), "tables: " + tables);
            Set<String> columns = new HashSet<>();
            try (ResultSet found = connection.getMetaData().getColumns(null, "public", "alerts", "%")) {
                while (found.next()) columns.add(found.getString("COLUMN_NAME"));
            }
            check(columns.contains("risk_score"), "columns: " + columns);
            connection.setAutoCommit(false);
            // Often enough that the driver prepares it on the server and fetches in binary.
            for (int round = 0; round < 8; round++) {
                try (PreparedStatement statement = connection.prepareStatement(
                        "SELECT event_id, event_time, file_size FROM events WHERE source = ? AND event_time >= ?")) {
                    statement.setString(1, "slack_audit");
                    statement.setTimestamp(2, Timestamp.valueOf("2024-01-01 00:00:00"));
                    statement.setFetchSize(100);
                    int rows = 0;
                    try (ResultSet found = statement.executeQuery()) {
                        while (found.next() && rows < 1000) {
                            check(found.getTimestamp(2) != null, "a time");
                            rows++;
                        }
                    }
                    check(rows > 10, "rows: " + rows);
                }
            }
            connection.commit();
            try (Statement statement = connection.createStatement()) {
                statement.setQueryTimeout(1);
                statement.executeQuery("SELECT count(*) FROM events a CROSS JOIN events b CROSS JOIN events c WHERE a.event_id < b.event_id");
                check(false, "the timeout did not end the query");
            } catch (SQLException expected) {
                check("57014".equals(expected.getSQLState()), expected.toString());
            }
        }
        System.out.println("JDBC: ok");
    }

    static void check(boolean holds, String what) {
        if (!holds) throw new AssertionError(what);
    }
}
