use std::sync::LazyLock;

use datafusion::arrow::array::{BooleanArray, DictionaryArray, Int32Array, LargeStringArray, ListArray, StringViewArray, UInt32Array};
use datafusion::arrow::datatypes::{Field, Int32Type};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::ScalarUDFImpl;
use proptest::prelude::*;

use super::*;
use crate::credential_find::CredentialFind;
use crate::credential_match::CredentialMatch;
use crate::setup::Setup;

static SETUP: LazyLock<Setup> = LazyLock::new(|| Setup::builtin(b"key of the tests"));

fn answer(function: &impl ScalarUDFImpl, texts: &ArrayRef) -> ArrayRef {
    let types = [texts.data_type().clone()];
    assert_eq!(function.coerce_types(&types).expect("takes it"), types, "nothing is copied");
    let return_type = function.return_type(&types).expect("returns something");
    let args = ScalarFunctionArgs {
        args: vec![ColumnarValue::Array(Arc::clone(texts))],
        arg_fields: vec![Arc::new(Field::new("text", types[0].clone(), true))],
        number_rows: texts.len(),
        return_field: Arc::new(Field::new("answer", return_type, true)),
        config_options: Arc::new(ConfigOptions::default()),
    };
    function.invoke_with_args(args).expect("answers").into_array(texts.len()).expect("an array")
}

/// The same texts in every layout.
fn layouts(texts: &[Option<String>]) -> Vec<ArrayRef> {
    let plain = StringArray::from(texts.to_vec());
    let ahead = [Some("password: Tern-91-gravel!".to_owned()), None];
    let longer: StringArray = ahead.iter().chain(texts).chain(&ahead).map(Option::as_deref).collect();
    let keys = Int32Array::from_iter((0..texts.len()).map(|row| texts[row].is_some().then_some(i32::try_from(row).unwrap_or(0))));
    let values: StringArray = texts.iter().map(|text| Some(text.as_deref().unwrap_or("pw: Tern-91-gravel!"))).collect();
    vec![
        Arc::new(plain.clone()),
        Arc::new(LargeStringArray::from(texts.to_vec())),
        Arc::new(texts.iter().map(Option::as_deref).collect::<StringViewArray>()),
        Arc::new(BinaryArray::from(plain.clone())),
        Arc::new(longer.slice(ahead.len(), texts.len())),
        Arc::new(longer.slice(0, ahead.len() + texts.len()).slice(ahead.len(), texts.len())),
        Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::new(values)).expect("keys are rows")),
        take(&plain, &UInt32Array::from_iter_values(0..u32::try_from(texts.len()).unwrap_or(0)), None).expect("rows"),
    ]
}

fn texts() -> impl Strategy<Value = Vec<Option<String>>> {
    let word = "(pw|password|mot de passe|login|api key|token|is|: |= |\n| |Tern-91-gravel!|hunter2|admin / |ghp_|Kiesel#91|[a-zA-Z0-9!é]{0,9}){0,12}";
    prop::collection::vec(prop::option::weighted(0.8, word), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn every_layout_has_one_answer_and_a_text_matches_where_something_is_found_in_it(texts in texts()) {
        let mut answers: Option<(BooleanArray, ListArray)> = None;
        for layout in layouts(&texts) {
            let matched = answer(&CredentialMatch::new(&SETUP), &layout).as_boolean().clone();
            let found = answer(&CredentialFind::new(&SETUP), &layout).as_list::<i32>().clone();
            for (row, text) in texts.iter().enumerate() {
                prop_assert_eq!(matched.is_null(row), text.is_none());
                prop_assert_eq!(found.is_null(row), text.is_none());
                prop_assert!(text.is_none() || matched.value(row) != found.value(row).is_empty());
            }
            match &answers {
                Some((first, findings)) => {
                    prop_assert_eq!(&matched, first);
                    prop_assert_eq!(&found, findings);
                }
                None => answers = Some((matched, found)),
            }
        }
    }
}

#[test]
fn views_are_brought_together_whatever_their_lengths() {
    let long = |length: usize| format!("{} the password is Tern-91-gravel!", "la ".repeat(length / 3));
    let texts: Vec<Option<String>> = [3, PIECE_BYTES - 40, 60, PIECE_BYTES, 2 * PIECE_BYTES, 0, PIECE_BYTES / 2, PIECE_BYTES / 2, 9]
        .into_iter()
        .flat_map(|length| [Some(long(length)), None, Some("nothing".to_owned()), Some(String::new())])
        .collect();
    let views: ArrayRef = Arc::new(texts.iter().map(Option::as_deref).collect::<StringViewArray>());
    let matched = answer(&CredentialMatch::new(&SETUP), &views).as_boolean().clone();
    let found = answer(&CredentialFind::new(&SETUP), &views).as_list::<i32>().clone();
    for (row, text) in texts.iter().enumerate() {
        let wanted = text.as_ref().map(|text| text.ends_with('!'));
        assert_eq!(
            (matched.is_valid(row).then(|| matched.value(row)), found.is_valid(row).then(|| found.value(row).len() == 1)),
            (wanted, wanted)
        );
    }
}
