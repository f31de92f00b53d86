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
            metadata(connection, user);
            values(connection);
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

    /** What tools ask of the catalogue through the driver. */
    static void metadata(Connection connection, String user) throws SQLException {
        DatabaseMetaData metadata = connection.getMetaData();
        check(rows(metadata.getSchemas()) >= 2, "schemas");
        check(rows(metadata.getCatalogs()) >= 1, "catalogs");
        check(rows(metadata.getTableTypes()) > 1, "kinds of tables");
        check(rows(metadata.getTypeInfo()) > 20, "types");
        check(rows(metadata.getFunctions(null, "public", "credential%")) >= 5, "functions");
        check(rows(metadata.getFunctionColumns(null, "public", "credential_match", "%")) >= 0, "columns of functions");
        check(rows(metadata.getProcedures(null, "public", "%")) >= 0, "procedures");
        check(rows(metadata.getPrimaryKeys(null, "public", "alerts")) == 0, "primary keys");
        check(rows(metadata.getImportedKeys(null, "public", "alerts")) == 0, "foreign keys");
        check(rows(metadata.getExportedKeys(null, "public", "alerts")) == 0, "foreign keys of others");
        check(rows(metadata.getIndexInfo(null, "public", "alerts", false, true)) == 0, "indexes");
        check(rows(metadata.getTablePrivileges(null, "public", "alerts")) >= 0, "rights");
        check(rows(metadata.getUDTs(null, "public", "%", null)) >= 0, "types of one's own");
        check(metadata.getSQLKeywords().contains("ilike"), "keywords");
        check(metadata.getDatabaseProductName().equals("PostgreSQL") && metadata.getUserName().equals(user), "who it is");
        check(metadata.getMaxColumnNameLength() > 0, "the length of names");
        check("public".equals(connection.getSchema()) && "bittern".equals(connection.getCatalog()), "where it is");
        check(connection.isValid(5), "the connection is good");
        connection.setReadOnly(true);
        connection.setTransactionIsolation(Connection.TRANSACTION_READ_UNCOMMITTED);
        connection.setSchema("public");
        connection.setClientInfo("ApplicationName", "a JDBC client");
    }

    /** Values of every kind that the tables have, as text and in binary. */
    static void values(Connection connection) throws SQLException {
        String sql = "SELECT detection_id, risk_score, observed, first_event_time, techniques, evidence, CAST(NULL AS INT) AS none,"
            + " risk_score > 0 AS yes, CAST(first_event_time AS DATE) AS day FROM alerts WHERE severity = ? ORDER BY risk_score DESC";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            ResultSetMetaData columns = statement.getMetaData();
            check(columns.getColumnCount() == 9 && columns.getColumnTypeName(2).equals("int8"), "columns");
            check(columns.isNullable(1) >= 0 && columns.getTableName(1) != null, "of columns");
            check(statement.getParameterMetaData().getParameterCount() == 1, "parameters");
            for (int round = 0; round < 8; round++) {
                statement.setString(1, "high");
                statement.setMaxRows(3);
                try (ResultSet found = statement.executeQuery()) {
                    check(found.next(), "a row");
                    check(found.getString(1).length() > 3 && found.getLong(2) > 10 && found.getDouble(3) >= 0, "text and numbers");
                    check(found.getTimestamp(4) != null && found.getObject(4, java.time.OffsetDateTime.class).getYear() >= 2024, "a time");
                    check(((String[]) found.getArray(5).getArray()).length > 0, "a list");
                    check(found.getObject(6) != null && found.getString(6).startsWith("{"), "records: " + found.getString(6));
                    found.getInt(7);
                    check(found.wasNull() && found.getBoolean(8) && found.getDate(9) != null, "nothing, a truth value and a day");
                }
            }
        }
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT count(*) FROM events WHERE event_time >= ? AND file_size > ? AND action = ANY(?) AND (? OR event_date < ?)")) {
            statement.setObject(1, java.time.OffsetDateTime.parse("2024-01-01T00:00:00Z"));
            statement.setInt(2, 10);
            statement.setArray(3, connection.createArrayOf("text", new String[] {"file_downloaded", "file_uploaded"}));
            statement.setBoolean(4, false);
            statement.setDate(5, java.sql.Date.valueOf("2026-12-01"));
            try (ResultSet found = statement.executeQuery()) {
                check(found.next() && found.getLong(1) > 10, "values of every kind");
            }
        }
        try (Statement statement = connection.createStatement()) {
            statement.executeQuery("SELECT nothing FROM events");
            check(false, "a column that is not there was found");
        } catch (SQLException expected) {
            check(connection.isValid(5), "the connection is good after an error");
        }
    }

    static int rows(ResultSet found) throws SQLException {
        int rows = 0;
        try (found) {
            while (found.next()) rows++;
        }
        return rows;
    }

    static void check(boolean holds, String what) {
        if (!holds) throw new AssertionError(what);
    }
}
