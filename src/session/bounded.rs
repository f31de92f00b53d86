//! Functions whose answer may be far larger than what they are given, behind a check: memory of function calls is counted by no pool, so
//! `repeat('x', 1e9)` would take it from everybody. And plans whose regular expressions are built from rows: one each would be compiled.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use arrow::compute::{cast, kernels};
use arrow::datatypes::{DataType, FieldRef, Int64Type};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result as DfResult};
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility, create_udf,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::prelude::SessionContext;

/// Bytes that one call may make, over all rows of a batch.
const BYTES_MAX: usize = 128 * 1024 * 1024;

/// Functions that are behind the check, and how many bytes they may make of their arguments.
const BOUNDED: [(&str, Estimate); 9] = [
    ("repeat", Estimate::Repeated),
    ("lpad", Estimate::Padded),
    ("rpad", Estimate::Padded),
    ("replace", Estimate::Replaced),
    ("regexp_replace", Estimate::Replaced),
    ("array_to_string", Estimate::Joined),
    ("concat", Estimate::Sum),
    ("concat_ws", Estimate::Sum),
    ("array_concat", Estimate::Sum),
];

/// Functions that are left out: lists of any length from a few numbers. `generate_series` and `range` in FROM make their rows one batch
/// after the other, and stay.
const LEFT_OUT: [&str; 4] = ["generate_series", "range", "array_repeat", "array_resize"];

/// How many bytes a call makes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Estimate {
    /// As often as the second argument says.
    Repeated,
    /// As many characters as the second argument says.
    Padded,
    /// The third argument at every place of the first.
    Replaced,
    /// The second argument between all elements of the first.
    Joined,
    /// Everything once.
    Sum,
}

/// What `current_setting` answers: what clients ask to know which version they talk to.
pub(super) const CURRENT: [(&str, &str); 4] =
    [("server_version_num", "160006"), ("server_version", "16.6"), ("max_index_keys", "32"), ("search_path", "public")];

/// Puts the functions of a session behind their checks.
pub fn register(context: &SessionContext) -> DfResult<()> {
    let current = |args: &[ColumnarValue]| {
        let names = cast(&ColumnarValue::values_to_arrays(args)?[0], &DataType::Utf8)?;
        let of = |name: Option<&str>| CURRENT.iter().find(|(known, _)| Some(*known) == name).map(|(_, value)| *value);
        let values: StringArray = names.as_string::<i32>().iter().map(of).collect();
        Ok(ColumnarValue::Array(Arc::new(values)))
    };
    context.register_udf(create_udf("current_setting", vec![DataType::Utf8], DataType::Utf8, Volatility::Stable, Arc::new(current)));
    for (name, estimate) in BOUNDED {
        let inner = context.udf(name)?;
        context.register_udf(ScalarUDF::from(Bounded { inner, estimate }));
    }
    for name in LEFT_OUT {
        let aliases: Vec<String> = context.udf(name)?.aliases().to_vec();
        aliases.iter().map(String::as_str).chain([name]).for_each(|name| context.deregister_udf(name));
    }
    Ok(())
}

/// The plan with every `||` of texts behind the check.
///
/// # Errors
/// A regular expression that is not the same for all rows.
pub fn admit(plan: LogicalPlan) -> DfResult<LogicalPlan> {
    let concat = Arc::new(ScalarUDF::from(Concat::new()));
    let admitted = plan.transform_up_with_subqueries(|node| {
        let names = NamePreserver::new(&node);
        node.map_expressions(|expr| {
            let name = names.save(&expr);
            let rewritten = expr.transform_up(|expr| {
                constant_pattern(&expr)?;
                match expr {
                    Expr::BinaryExpr(binary) if binary.op == Operator::StringConcat => {
                        let call = ScalarFunction::new_udf(Arc::clone(&concat), vec![*binary.left, *binary.right]);
                        Ok(Transformed::yes(Expr::ScalarFunction(call)))
                    }
                    other => Ok(Transformed::no(other)),
                }
            })?;
            Ok(if rewritten.transformed { rewritten.update_data(|expr| name.restore(expr)) } else { rewritten })
        })
    })?;
    admitted.data.recompute_schema()
}

/// The plan with a pause now and then in everything that makes many rows of few: without, a join of two small tables could not be
/// cancelled for minutes, nor let another query run.
pub fn interruptible(plan: Arc<dyn ExecutionPlan>) -> DfResult<Arc<dyn ExecutionPlan>> {
    let paused = plan.transform_up(|node| {
        let makes_more = node.children().len() > 1 || node.name() == "UnnestExec";
        Ok(if makes_more { Transformed::yes(Arc::new(CooperativeExec::new(node)) as _) } else { Transformed::no(node) })
    })?;
    Ok(paused.data)
}

fn constant_pattern(expr: &Expr) -> DfResult<()> {
    let pattern = match expr {
        Expr::BinaryExpr(binary) => match binary.op {
            Operator::RegexMatch | Operator::RegexIMatch | Operator::RegexNotMatch | Operator::RegexNotIMatch => &binary.right,
            _ => return Ok(()),
        },
        Expr::SimilarTo(like) => &like.pattern,
        Expr::ScalarFunction(call) if call.name().starts_with("regexp_") => match call.args.get(1) {
            Some(pattern) => pattern,
            None => return Ok(()),
        },
        _ => return Ok(()),
    };
    let mut of_rows = false;
    pattern.apply(|part| {
        of_rows |= matches!(part, Expr::Column(_) | Expr::OuterReferenceColumn(..) | Expr::ScalarSubquery(_));
        Ok(if of_rows { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    if of_rows { Err(DataFusionError::Plan("a regular expression is a constant here, not a column".to_owned())) } else { Ok(()) }
}

/// A function behind the check.
#[derive(Debug)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    estimate: Estimate,
}

impl PartialEq for Bounded {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl Eq for Bounded {}

impl Hash for Bounded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, types: &[DataType]) -> DfResult<DataType> {
        self.inner.return_type(types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> DfResult<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn coerce_types(&self, types: &[DataType]) -> DfResult<Vec<DataType>> {
        self.inner.coerce_types(types)
    }

    fn simplify(&self, args: Vec<Expr>, _: &SimplifyContext) -> DfResult<ExprSimplifyResult> {
        // What the function would turn itself into is not behind the check.
        Ok(ExprSimplifyResult::Original(args))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DfResult<ColumnarValue> {
        check(self.name(), self.estimate.bytes(&args.args, args.number_rows)?)?;
        self.inner.invoke_with_args(args)
    }
}

/// `a || b` of texts.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Concat {
    signature: Signature,
}

impl Concat {
    fn new() -> Self {
        Self { signature: Signature::new(TypeSignature::Any(2), Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Concat {
    fn name(&self) -> &str {
        "text_concat"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> DfResult<DataType> {
        Ok(if types.iter().all(DataType::is_null) { DataType::Null } else { DataType::Utf8 })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DfResult<ColumnarValue> {
        check("||", Estimate::Sum.bytes(&args.args, args.number_rows)?)?;
        if args.return_type().is_null() {
            return Ok(args.args[0].clone());
        }
        let scalar = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if scalar { 1 } else { args.number_rows };
        let text = |at: usize| -> DfResult<ArrayRef> { Ok(cast(&args.args[at].to_array(rows)?, &DataType::Utf8)?) };
        let (left, right) = (text(0)?, text(1)?);
        let joined = kernels::concat_elements::concat_elements_utf8(left.as_string::<i32>(), right.as_string::<i32>())?;
        if scalar {
            return Ok(ColumnarValue::Scalar(datafusion::scalar::ScalarValue::try_from_array(&joined, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(joined)))
    }
}

fn check(name: &str, bytes: usize) -> DfResult<()> {
    if bytes > BYTES_MAX {
        return Err(DataFusionError::ResourcesExhausted(format!(
            "`{name}` may make {} MiB at once, and {} are allowed",
            bytes / (1024 * 1024),
            BYTES_MAX / (1024 * 1024)
        )));
    }
    Ok(())
}

impl Estimate {
    fn bytes(self, args: &[ColumnarValue], rows: usize) -> DfResult<usize> {
        // Scalars are looked at once; what a scalar call makes is made once, too.
        let scalar = args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if scalar { 1 } else { rows };
        if self == Self::Sum {
            return args.iter().try_fold(0_usize, |sum, arg| Ok(sum.saturating_add(size(arg, rows)?)));
        }
        let [lengths, more @ ..] = args else { return Ok(0) };
        let lengths = numbers(lengths, rows, true)?;
        let second = more.first().map(|arg| numbers(arg, rows, self == Self::Joined)).transpose()?;
        let third = more.get(1).map(|arg| numbers(arg, rows, true)).transpose()?;
        let at = |array: &Option<Int64Array>, row: usize| -> usize {
            let number = array.as_ref().filter(|array| !array.is_null(row)).map_or(0, |array| array.value(row));
            usize::try_from(number).unwrap_or(0)
        };
        Ok((0..rows).fold(0_usize, |sum, row| {
            let length = if lengths.is_null(row) { 0 } else { usize::try_from(lengths.value(row)).unwrap_or(0) };
            let of_row = match self {
                Self::Repeated => length.saturating_mul(at(&second, row)),
                Self::Padded => at(&second, row).saturating_mul(4).max(length),
                Self::Replaced => length.saturating_add(1).saturating_mul(at(&third, row).max(1)),
                Self::Joined => length.saturating_mul(at(&second, row)),
                Self::Sum => length,
            };
            sum.saturating_add(of_row)
        }))
    }
}

fn size(arg: &ColumnarValue, rows: usize) -> DfResult<usize> {
    Ok(match arg {
        ColumnarValue::Array(array) => array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size()),
        ColumnarValue::Scalar(scalar) => scalar.size().saturating_mul(rows),
    })
}

/// Numbers, one a row: lengths in bytes or elements where that is asked for, else the values.
fn numbers(arg: &ColumnarValue, rows: usize, lengths: bool) -> DfResult<Int64Array> {
    let array = match arg {
        // A long scalar is not repeated to be measured.
        ColumnarValue::Scalar(scalar) => scalar.to_array()?,
        ColumnarValue::Array(array) => Arc::clone(array),
    };
    let counted = |array: &ArrayRef| match array.data_type() {
        DataType::Null => Ok(cast(array, &DataType::Int64)?),
        DataType::Utf8View | DataType::BinaryView => Ok(kernels::length::length(&cast(array, &DataType::LargeUtf8)?)?),
        _ => kernels::length::length(array).map_err(DataFusionError::from),
    };
    let numbers = if lengths { counted(&array)? } else { array };
    let numbers = cast(&numbers, &DataType::Int64)?;
    let numbers = numbers.as_primitive::<Int64Type>();
    if numbers.len() == rows {
        return Ok(numbers.clone());
    }
    let value = (!numbers.is_empty() && !numbers.is_null(0)).then(|| numbers.value(0));
    Ok(Int64Array::from(vec![value; rows]))
}
