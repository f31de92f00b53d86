use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryViewArray, DictionaryArray, Int32Array, LargeStringArray, StringArray, StringViewArray,
};
use datafusion::arrow::compute::concat;
use datafusion::arrow::datatypes::{DataType, Field, Int32Type};
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};
use proptest::prelude::*;

use super::{all, infos};
use crate::setup::Setup;

const NAMES: &[&str] = &[
    "credential_explain",
    "credential_file",
    "credential_find",
    "credential_match",
    "credential_redact",
    "credential_term",
    "shannon_entropy",
];

fn function(setup: &Setup, name: &str) -> Arc<ScalarUDF> {
    all(setup).scalar.into_iter().find(|f| f.name() == name).expect("registered")
}

fn call(function: &ScalarUDF, argument: ColumnarValue, rows: usize) -> ColumnarValue {
    let types = function.coerce_types(&[argument.data_type()]).expect("takes the type");
    let argument = argument.cast_to(&types[0], None).expect("casts");
    let args = ScalarFunctionArgs {
        arg_fields: vec![Arc::new(Field::new("text", types[0].clone(), true))],
        return_field: Arc::new(Field::new("out", function.return_type(&types).expect("type"), true)),
        args: vec![argument],
        number_rows: rows,
        config_options: Arc::new(ConfigOptions::default()),
    };
    let answer = function.invoke_with_args(args).expect("answers");
    assert_eq!(answer.data_type(), function.return_type(&types).expect("type"), "{} keeps its word about the type", function.name());
    answer
}

fn over(function: &ScalarUDF, array: ArrayRef) -> ArrayRef {
    let rows = array.len();
    call(function, ColumnarValue::Array(array), rows).into_array(rows).expect("an array")
}

fn texts() -> Vec<Option<String>> {
    let password = format!("the password is {}", concat!("Tern", "-91-gravel!"));
    let token = format!("use {}{} for now", "xoxb-", "204816326-408163264-a8Kd03LmQz71VbTy5Nc2Rf9H");
    vec![Some(password), None, Some(String::new()), Some("nothing here".to_owned()), Some(token), Some("id_rsa password vpn".to_owned())]
}

fn shown(array: &dyn Array) -> Vec<Option<String>> {
    (0..array.len()).map(|row| array.is_valid(row).then(|| array_value_to_string(array, row).expect("shows"))).collect()
}

#[test]
fn every_string_and_binary_type_and_null_get_the_same_answer() {
    let setup = Setup::builtin(b"a key of tests");
    let texts = texts();
    let plain = StringArray::from(texts.clone());
    let keys = Int32Array::from_iter((0..texts.len()).map(|row| texts[row].as_ref().map(|_| row as i32)));
    let bytes: Vec<Option<&[u8]>> = texts.iter().map(|t| t.as_deref().map(str::as_bytes)).collect();
    let padded = StringArray::from_iter([Some("the password is X9#junkjunk".to_owned())].into_iter().chain(texts.clone()).chain([None]));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(LargeStringArray::from(texts.clone())),
        Arc::new(StringViewArray::from_iter(texts.clone())),
        Arc::new(BinaryArray::from(bytes.clone())),
        Arc::new(BinaryViewArray::from_iter(bytes)),
        Arc::new(DictionaryArray::<Int32Type>::new(keys, Arc::new(plain.clone()))),
        Arc::new(padded.slice(1, texts.len())),
    ];
    for name in NAMES {
        let function = function(&setup, name);
        let expected = shown(&over(&function, Arc::new(plain.clone())));
        assert_eq!(expected[1], None, "{name}");
        for column in &columns {
            assert_eq!(shown(&over(&function, Arc::clone(column))), expected, "{name} of {}", column.data_type());
        }
        let null = call(&function, ColumnarValue::Scalar(datafusion::common::ScalarValue::Null), 1);
        assert!(null.into_array(1).expect("an array").is_null(0), "{name} of NULL");
    }
}

#[test]
fn a_finding_says_where_and_what_but_not_the_secret() {
    let setup = Setup::builtin(b"a key of tests");
    let column: ArrayRef = Arc::new(StringArray::from(texts()));
    let found = shown(&over(&function(&setup, "credential_find"), Arc::clone(&column)));
    assert!(found[0].as_ref().is_some_and(|f| f.contains("rule: words-password") && f.contains("start: 16")), "{found:?}");
    assert!(found[4].as_ref().is_some_and(|f| f.contains("slack") && f.contains("masked: xoxb****")), "{found:?}");
    assert!(found.iter().flatten().all(|f| !f.contains("gravel") && !f.contains("LmQz71")));
    let matches = over(&function(&setup, "credential_match"), Arc::clone(&column));
    assert_eq!(matches.as_boolean().true_count(), 2);
    let redacted = shown(&over(&function(&setup, "credential_redact"), column));
    assert_eq!(redacted[0].as_deref(), Some("the password is ****"));
    assert_eq!(redacted[4].as_deref(), Some("use **** for now"));
}

#[test]
fn broken_utf8_in_binary_columns_hides_nothing() {
    let setup = Setup::builtin(b"a key of tests");
    let text = [b"\xff\xfe pw: ".as_slice(), concat!("Tern", "-91-gravel").as_bytes(), b" \xc3\x28"].concat();
    let column: ArrayRef = Arc::new(BinaryArray::from_vec(vec![&text, b"\xff\xff\xff"]));
    let matches = over(&function(&setup, "credential_match"), Arc::clone(&column));
    assert!(matches.as_boolean().value(0) && !matches.as_boolean().value(1));
    assert!(shown(&over(&function(&setup, "credential_redact"), column))[0].as_ref().is_some_and(|t| t.contains("pw: ****")));
}

#[test]
fn functions_over_two_setups_are_two_functions() {
    let (one, same, other) = (Setup::builtin(b"one"), Setup::builtin(b"one"), Setup::builtin(b"two"));
    let hash = |f: &ScalarUDF, state: &RandomState| state.hash_one(f);
    let state = RandomState::new();
    for name in ["credential_match", "credential_find", "credential_redact", "credential_explain"] {
        let (a, b, c) = (function(&one, name), function(&same, name), function(&other, name));
        assert!(a == b && hash(&a, &state) == hash(&b, &state), "{name}");
        assert!(a != c && hash(&a, &state) != hash(&c, &state), "{name}");
    }
}

#[test]
fn every_function_is_described_once_and_refuses_what_is_no_text() {
    let setup = Setup::builtin(b"one");
    let functions = all(&setup);
    let infos = infos();
    for function in &functions.scalar {
        let described = infos.iter().filter(|info| info.name == function.name() && info.kind == "scalar").count();
        assert_eq!(described, 1, "{}", function.name());
        assert!(function.coerce_types(&[DataType::Int64]).is_err());
        assert!(function.coerce_types(&[]).is_err());
    }
    let names: std::collections::BTreeSet<_> = infos.iter().map(|info| (info.name, info.kind)).collect();
    assert_eq!(names.len(), infos.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn an_array_is_answered_row_by_row_and_any_split_gives_the_same(
        rows in prop::collection::vec(prop::option::of("(pw|password|login|is|: |= | |Tern-91-gravel!|admin / |x|\n|é|密码|[a-zA-Z0-9!]{0,12}){0,9}"), 0..12),
        cut in 0usize..12,
    ) {
        static SETUP: LazyLock<Setup> = LazyLock::new(|| Setup::builtin(b"a key of tests"));
        let column = StringArray::from(rows.clone());
        let cut = cut.min(rows.len());
        for name in NAMES {
            let function = function(&SETUP, name);
            let whole = shown(&over(&function, Arc::new(column.clone())));
            let parts = concat(&[&over(&function, Arc::new(column.slice(0, cut))), &over(&function, Arc::new(column.slice(cut, rows.len() - cut)))]).expect("concat");
            prop_assert_eq!(&shown(&parts), &whole, "{}", name);
            for (row, text) in rows.iter().enumerate() {
                let one = shown(&over(&function, Arc::new(StringArray::from(vec![text.clone()]))));
                prop_assert_eq!(&one[0], &whole[row], "{}", name);
            }
        }
    }
}
