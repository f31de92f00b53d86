"""What DBeaver, Grafana and Metabase ask of the catalogue when they connect, and what newer psql ask than the one at hand: replayed over
psycopg, not by the programs themselves. `.ci/serve` starts the server; the connection's parameters are libpq's environment."""

import sys

import psycopg

PATH = """(SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
  FROM generate_series(array_lower(string_to_array(current_setting('search_path'),','),1),
    array_upper(string_to_array(current_setting('search_path'),','),1)) as i, string_to_array(current_setting('search_path'),',') s)"""

NAMED = """'"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"'"""

# Who asks, what, and how many rows there are at least. `{public}` and `{alerts}` are numbers that were answered before.
ASKED = [
    ("dbeaver", "SHOW search_path", 1),
    ("dbeaver", "SELECT current_schema(),session_user", 1),
    ("dbeaver", 'SET search_path = public,"$user"', None),
    ("dbeaver", "SELECT version()", 1),
    ("dbeaver", "SELECT * FROM pg_catalog.pg_settings WHERE name='standard_conforming_strings'", 0),
    ("dbeaver", "SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE datallowconn AND NOT datistemplate AND db.datname='bittern'\n"
                "ORDER BY db.datname", 1),
    ("dbeaver", "SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n LEFT OUTER JOIN pg_catalog.pg_description d"
                " ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass ORDER BY nspname", 2),
    ("dbeaver", "SELECT typcategory FROM pg_catalog.pg_type LIMIT 1", 1),
    ("dbeaver", "SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description\n"
                "FROM pg_catalog.pg_type t\nLEFT OUTER JOIN pg_catalog.pg_type et ON et.oid=t.typelem\n"
                "LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid=t.typrelid\nLEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid\n"
                "WHERE t.typname IS NOT NULL\nAND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C')",
     100),
    ("dbeaver", "SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name FROM pg_catalog.pg_type t\n"
                "LEFT OUTER JOIN pg_class c ON c.oid=t.typrelid\nWHERE t.oid=25", 1),
    ("dbeaver", "SELECT a.oid,a.* FROM pg_catalog.pg_roles a\nORDER BY a.rolname", 1),
    ("dbeaver", "SELECT am.oid,am.* FROM pg_catalog.pg_am am\nORDER BY am.oid", 1),
    ("dbeaver", "SELECT l.oid,l.* FROM pg_catalog.pg_language l\nORDER BY l.oid", 1),
    ("dbeaver", "SELECT t.oid,t.*,pg_tablespace_location(t.oid) loc FROM pg_catalog.pg_tablespace t\nORDER BY t.oid", 0),
    ("dbeaver", "SELECT c.contoencoding as encid,pg_catalog.pg_encoding_to_char(c.contoencoding) as encname\n"
                "FROM pg_catalog.pg_conversion c\nGROUP BY c.contoencoding\nORDER BY 2", 1),
    ("dbeaver", "SELECT e.oid, n.nspname as schema_name, e.* FROM pg_catalog.pg_extension e"
                " JOIN pg_namespace n ON n.oid = e.extnamespace ORDER BY e.oid", 0),
    ("dbeaver", "SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr,"
                " pg_catalog.pg_get_partkeydef(c.oid) as partition_key\nFROM pg_catalog.pg_class c\nLEFT OUTER JOIN pg_catalog.pg_description d"
                " ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass\n"
                "WHERE c.relnamespace={public} AND c.relkind not in ('i','I','c')", 20),
    ("dbeaver", "SELECT c.relname,a.*,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description,dep.objid\n"
                "FROM pg_catalog.pg_attribute a\nINNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid)\n"
                "LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum)\n"
                "LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid)\n"
                "LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and"
                " dep.classid = dep.refclassid\nWHERE NOT a.attisdropped AND c.oid={alerts} ORDER BY a.attnum", 10),
    ("dbeaver", "SELECT c.oid,c.*,t.relname as tabrelname,rt.relnamespace as refnamespace,d.description,"
                " case when c.contype='c' then \"substring\"(pg_get_constraintdef(c.oid), 7) else null end consrc_copy\n"
                "FROM pg_catalog.pg_constraint c\nINNER JOIN pg_catalog.pg_class t ON t.oid=c.conrelid\n"
                "LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid=c.confrelid\nLEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid"
                " AND d.objsubid=0 AND d.classoid='pg_constraint'::regclass\nWHERE c.conrelid={alerts}\nORDER BY c.oid", 0),
    ("dbeaver", "SELECT i.*,i.indkey as keys,c.relname,c.relnamespace,c.relam,c.reltablespace,tc.relname as tabrelname,dsc.description,"
                "pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr,pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr\n"
                "FROM pg_catalog.pg_index i\nINNER JOIN pg_catalog.pg_class c ON c.oid=i.indexrelid\n"
                "INNER JOIN pg_catalog.pg_class tc ON tc.oid=i.indrelid\nLEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid=dsc.objoid\n"
                "WHERE i.indrelid={alerts} ORDER BY tabrelname, c.relname", 0),
    ("dbeaver", "SELECT p.oid,p.*,d.description\nFROM pg_catalog.pg_proc p\nLEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=p.oid\n"
                "WHERE p.pronamespace={public}\nORDER BY p.proname", 20),
    ("dbeaver", "SELECT x.oid,x.*,p.relname as tabrelname FROM pg_catalog.pg_trigger x INNER JOIN pg_catalog.pg_class p ON p.oid=x.tgrelid"
                " WHERE x.tgrelid={alerts}", 0),
    ("dbeaver", "SELECT pg_catalog.pg_get_viewdef({alerts}, true)", 1),
    ("grafana", "SELECT current_setting('server_version_num')::int/100 as version", 1),
    ("grafana", "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'", 0),
    ("grafana", "SELECT CASE WHEN quote_ident(table_schema) IN " + PATH + " THEN quote_ident(table_name)"
                " ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS \"table\" FROM information_schema.tables"
                " WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog', '_timescaledb_cache', '_timescaledb_catalog',"
                " '_timescaledb_internal', '_timescaledb_config', 'timescaledb_information', 'timescaledb_experimental')"
                " ORDER BY CASE WHEN quote_ident(table_schema) IN " + PATH + " THEN 0 ELSE 1 END, 1", 20),
    ("grafana", "SELECT quote_ident(column_name) AS \"column\", data_type AS \"type\" FROM information_schema.columns WHERE"
                " CASE WHEN array_length(parse_ident('alerts'),1) = 2 THEN quote_ident(table_schema) = (parse_ident('alerts'))[1]"
                " AND quote_ident(table_name) = (parse_ident('alerts'))[2] ELSE quote_ident(table_name) = 'alerts' AND"
                " quote_ident(table_schema) IN " + PATH + " END", 10),
    ("metabase", "show timezone", 1),
    ("metabase", "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ UNCOMMITTED", None),
    ("metabase", "SET SESSION TIMEZONE TO 'UTC'", None),
    ("metabase", 'SELECT TRUE FROM "public"."alerts" WHERE 1 <> 1 LIMIT 0', 0),
    ("metabase", "SELECT nspname, typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
                 " WHERE t.oid IN (SELECT DISTINCT enumtypid FROM pg_enum e)", 0),
    ("metabase", "with table_privileges as (select NULL as role, t.schemaname as schema, t.objectname as table,"
                 f" pg_catalog.has_any_column_privilege(current_user, {NAMED}, 'update') as update,"
                 f" pg_catalog.has_any_column_privilege(current_user, {NAMED}, 'select') as select,"
                 f" pg_catalog.has_any_column_privilege(current_user, {NAMED}, 'insert') as insert,"
                 f" pg_catalog.has_table_privilege(current_user, {NAMED}, 'delete') as delete"
                 " from (select schemaname, tablename as objectname from pg_catalog.pg_tables union"
                 " select schemaname, viewname as objectname from pg_catalog.pg_views union"
                 " select schemaname, matviewname as objectname from pg_catalog.pg_matviews) t where t.schemaname !~ '^pg_'"
                 " and t.schemaname <> 'information_schema' and pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage'))"
                 " select t.* from table_privileges t", 20),
    ("metabase", "SELECT \"n\".\"nspname\" AS \"schema\", \"c\".\"relname\" AS \"name\", CASE \"c\".\"relkind\" WHEN 'r' THEN 'TABLE'"
                 " WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'v' THEN 'VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'm' THEN 'MATERIALIZED VIEW'"
                 " ELSE NULL END AS \"type\", \"d\".\"description\" AS \"description\", \"stat\".\"n_live_tup\" AS \"estimated_row_count\""
                 " FROM \"pg_catalog\".\"pg_class\" AS \"c\" INNER JOIN \"pg_catalog\".\"pg_namespace\" AS \"n\""
                 " ON \"c\".\"relnamespace\" = \"n\".\"oid\" LEFT JOIN \"pg_catalog\".\"pg_description\" AS \"d\" ON (\"c\".\"oid\" = \"d\".\"objoid\")"
                 " AND (\"d\".\"objsubid\" = 0) AND (\"d\".\"classoid\" = 'pg_class'::regclass) LEFT JOIN \"pg_stat_user_tables\" AS \"stat\""
                 " ON (\"n\".\"nspname\" = \"stat\".\"schemaname\") AND (\"c\".\"relname\" = \"stat\".\"relname\")"
                 " WHERE (\"c\".\"relnamespace\" = \"n\".\"oid\") AND (\"n\".\"nspname\" !~ '^pg_') AND (\"n\".\"nspname\" <> 'information_schema')"
                 " AND c.relkind in ('r', 'p', 'v', 'f', 'm') AND (\"n\".\"nspname\" IN ('public')) ORDER BY \"type\" ASC, \"schema\" ASC, \"name\" ASC",
     20),
    ("metabase", "SELECT \"c\".\"column_name\" AS \"name\", CASE WHEN \"c\".\"udt_schema\" IN ('public', 'pg_catalog')"
                 " THEN FORMAT('%s', \"c\".\"udt_name\") ELSE FORMAT('\"%s\".\"%s\"', \"c\".\"udt_schema\", \"c\".\"udt_name\") END AS \"database-type\","
                 " \"c\".\"ordinal_position\" - 1 AS \"database-position\", \"c\".\"table_schema\" AS \"table-schema\", \"c\".\"table_name\" AS \"table-name\","
                 " \"pk\".\"column_name\" IS NOT NULL AS \"pk?\", COL_DESCRIPTION(CAST(CAST(FORMAT('%I.%I', CAST(\"c\".\"table_schema\" AS TEXT),"
                 " CAST(\"c\".\"table_name\" AS TEXT)) AS REGCLASS) AS OID), \"c\".\"ordinal_position\") AS \"field-comment\","
                 " ((\"column_default\" IS NULL) OR (LOWER(\"column_default\") = 'null')) AND (\"is_nullable\" = 'NO')"
                 " AND NOT (((\"column_default\" IS NOT NULL) AND (\"column_default\" LIKE '%nextval(%')) OR (\"is_identity\" <> 'NO')) AS \"database-required\","
                 " ((\"column_default\" IS NOT NULL) AND (\"column_default\" LIKE '%nextval(%')) OR (\"is_identity\" <> 'NO') AS \"database-is-auto-increment\""
                 " FROM \"information_schema\".\"columns\" AS \"c\" LEFT JOIN (SELECT \"tc\".\"table_schema\", \"tc\".\"table_name\", \"kc\".\"column_name\""
                 " FROM \"information_schema\".\"table_constraints\" AS \"tc\" INNER JOIN \"information_schema\".\"key_column_usage\" AS \"kc\""
                 " ON (\"tc\".\"constraint_name\" = \"kc\".\"constraint_name\") AND (\"tc\".\"table_schema\" = \"kc\".\"table_schema\")"
                 " AND (\"tc\".\"table_name\" = \"kc\".\"table_name\") WHERE \"tc\".\"constraint_type\" = 'PRIMARY KEY') AS \"pk\""
                 " ON (\"c\".\"table_schema\" = \"pk\".\"table_schema\") AND (\"c\".\"table_name\" = \"pk\".\"table_name\")"
                 " AND (\"c\".\"column_name\" = \"pk\".\"column_name\") WHERE c.table_schema !~ '^information_schema|catalog_history|pg_'"
                 " AND (\"c\".\"table_schema\" IN ('public')) UNION ALL SELECT \"pa\".\"attname\" AS \"name\", CASE WHEN \"ptn\".\"nspname\""
                 " IN ('public', 'pg_catalog') THEN FORMAT('%s', \"pt\".\"typname\") ELSE FORMAT('\"%s\".\"%s\"', \"ptn\".\"nspname\", \"pt\".\"typname\") END"
                 " AS \"database-type\", \"pa\".\"attnum\" - 1 AS \"database-position\", \"pn\".\"nspname\" AS \"table-schema\","
                 " \"pc\".\"relname\" AS \"table-name\", FALSE AS \"pk?\", NULL AS \"field-comment\", FALSE AS \"database-required\","
                 " FALSE AS \"database-is-auto-increment\" FROM \"pg_catalog\".\"pg_class\" AS \"pc\" INNER JOIN \"pg_catalog\".\"pg_namespace\" AS \"pn\""
                 " ON \"pn\".\"oid\" = \"pc\".\"relnamespace\" INNER JOIN \"pg_catalog\".\"pg_attribute\" AS \"pa\" ON \"pa\".\"attrelid\" = \"pc\".\"oid\""
                 " INNER JOIN \"pg_catalog\".\"pg_type\" AS \"pt\" ON \"pt\".\"oid\" = \"pa\".\"atttypid\" INNER JOIN \"pg_catalog\".\"pg_namespace\" AS \"ptn\""
                 " ON \"ptn\".\"oid\" = \"pt\".\"typnamespace\" WHERE (\"pc\".\"relkind\" = 'm') AND (\"pa\".\"attnum\" >= 1) AND (\"pn\".\"nspname\" IN ('public'))"
                 " ORDER BY \"table-schema\" ASC, \"table-name\" ASC, \"database-position\" ASC", 100),
    ("metabase", "SELECT \"fk_ns\".\"nspname\" AS \"fk-table-schema\", \"fk_table\".\"relname\" AS \"fk-table-name\","
                 " \"fk_column\".\"attname\" AS \"fk-column-name\", \"pk_ns\".\"nspname\" AS \"pk-table-schema\", \"pk_table\".\"relname\" AS \"pk-table-name\","
                 " \"pk_column\".\"attname\" AS \"pk-column-name\" FROM \"pg_constraint\" AS \"c\" INNER JOIN \"pg_class\" AS \"fk_table\""
                 " ON \"c\".\"conrelid\" = \"fk_table\".\"oid\" INNER JOIN \"pg_namespace\" AS \"fk_ns\" ON \"c\".\"connamespace\" = \"fk_ns\".\"oid\""
                 " INNER JOIN \"pg_attribute\" AS \"fk_column\" ON \"c\".\"conrelid\" = \"fk_column\".\"attrelid\" INNER JOIN \"pg_class\" AS \"pk_table\""
                 " ON \"c\".\"confrelid\" = \"pk_table\".\"oid\" INNER JOIN \"pg_namespace\" AS \"pk_ns\" ON \"pk_table\".\"relnamespace\" = \"pk_ns\".\"oid\""
                 " INNER JOIN \"pg_attribute\" AS \"pk_column\" ON \"c\".\"confrelid\" = \"pk_column\".\"attrelid\""
                 " WHERE fk_ns.nspname !~ '^information_schema|catalog_history|pg_' AND (\"c\".\"contype\" = 'f'::char)"
                 " AND (\"fk_column\".\"attnum\" = ANY(c.conkey)) AND (\"pk_column\".\"attnum\" = ANY(c.confkey))"
                 " ORDER BY \"fk-table-schema\" ASC, \"fk-table-name\" ASC", 0),
    ("metabase", "SELECT \"tmp\".\"table-schema\", \"tmp\".\"table-name\", TRIM(BOTH '\"' FROM PG_CATALOG.PG_GET_INDEXDEF(\"tmp\".\"ci_oid\","
                 " \"tmp\".\"pos\", FALSE)) AS \"field-name\" FROM (SELECT \"n\".\"nspname\" AS \"table-schema\", \"ct\".\"relname\" AS \"table-name\","
                 " \"ci\".\"oid\" AS \"ci_oid\", (INFORMATION_SCHEMA._PG_EXPANDARRAY(\"i\".\"indkey\")).\"n\" AS \"pos\""
                 " FROM \"pg_catalog\".\"pg_class\" AS \"ct\" INNER JOIN \"pg_catalog\".\"pg_namespace\" AS \"n\" ON \"ct\".\"relnamespace\" = \"n\".\"oid\""
                 " INNER JOIN \"pg_catalog\".\"pg_index\" AS \"i\" ON \"ct\".\"oid\" = \"i\".\"indrelid\" INNER JOIN \"pg_catalog\".\"pg_class\" AS \"ci\""
                 " ON \"ci\".\"oid\" = \"i\".\"indexrelid\" WHERE (PG_CATALOG.PG_GET_EXPR(\"i\".\"indpred\", \"i\".\"indrelid\") IS NULL)"
                 " AND n.nspname !~ '^information_schema|catalog_history|pg_') AS \"tmp\" WHERE \"tmp\".\"pos\" = 1", 0),
    ("psql 16", "SELECT r.rolname, r.rolsuper, r.rolinherit,\n  r.rolcreaterole, r.rolcreatedb, r.rolcanlogin,\n  r.rolconnlimit, r.rolvaliduntil\n"
                ", r.rolreplication\n, r.rolbypassrls\nFROM pg_catalog.pg_roles r\nWHERE r.rolname !~ '^pg_'\nORDER BY 1;", 1),
]

with psycopg.connect(autocommit=True) as connection:
    def rows(sql):
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else None

    # A user of the server sees one user, and is it.
    for user, seen in (("session_user", "ana"), ("current_user", "ana")):
        assert rows(f"SELECT {user}") == [(seen,)], user
    assert [row[0] for row in rows("SELECT rolname FROM pg_catalog.pg_roles")] == ["ana"]
    ((public,),) = rows("SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'public'")
    ((alerts,),) = rows("SELECT 'public.alerts'::regclass::oid")
    failed = []
    for who, sql, least in ASKED:
        sql = sql.replace("{public}", str(public)).replace("{alerts}", str(alerts))
        try:
            found = rows(sql)
        except psycopg.Error as error:
            failed.append(f"{who}: {sql[:300]}\n  {error}")
            continue
        if least is not None and len(found) < least:
            failed.append(f"{who}: {sql[:300]}\n  has {len(found)} rows")
    if failed:
        sys.exit("\n".join(failed) + f"\n{len(failed)} of {len(ASKED)} questions have no answer")
    print(f"{len(ASKED)} questions of {', '.join(sorted({who for who, _, _ in ASKED}))} have an answer")
