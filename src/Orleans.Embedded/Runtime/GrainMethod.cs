using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Orleans.Embedded;

/// <summary>A method of a grain interface: what is said about it, and compiled code to call it.</summary>
internal abstract class GrainMethod
{
    private static readonly ConcurrentDictionary<MethodInfo, GrainMethod> Known = new();

    private readonly Lazy<Func<object, object?[], Task>> _invoke;

    protected GrainMethod(MethodInfo method)
    {
        Method = method;
        Name = $"{method.DeclaringType!.Name}.{method.Name}";
        OneWay = method.ReturnType == typeof(void);
        ReadOnly = method.IsDefined(typeof(ReadOnlyAttribute));
        Interleaves = method.IsDefined(typeof(AlwaysInterleaveAttribute));
        TokenIndex = Array.FindIndex(method.GetParameters(), static p => p.ParameterType == typeof(CancellationToken));
        _invoke = new(() => Compile(method));
    }

    public MethodInfo Method { get; }

    public string Name { get; }

    /// <summary>The caller doesn't wait.</summary>
    public bool OneWay { get; }

    public bool ReadOnly { get; }

    public bool Interleaves { get; }

    /// <summary>Which parameter is the <see cref="CancellationToken"/>; -1 for none.</summary>
    public int TokenIndex { get; }

    /// <summary>Calls the method on a grain object; the result is in the task, whatever the method returns.</summary>
    public Func<object, object?[], Task> Invoke => _invoke.Value;

    public static GrainMethod Of(MethodInfo method) => Known.GetOrAdd(method, static method =>
    {
        var result = method.ReturnType.IsGenericType ? method.ReturnType.GetGenericArguments()[0] : typeof(object);
        return (GrainMethod)Activator.CreateInstance(typeof(GrainMethod<>).MakeGenericType(result), method)!;
    });

    /// <summary>Sends a call; the answer is what the method returns to its caller.</summary>
    public abstract object? Send(EmbeddedSilo silo, GrainId target, object?[] arguments);

    /// <summary>The result in a task that <see cref="Invoke"/> gave and that has ended well; null if there is none.</summary>
    public abstract object? ResultOf(Task turn);

    private static Func<object, object?[], Task> Compile(MethodInfo method)
    {
        var grain = Expression.Parameter(typeof(object));
        var arguments = Expression.Parameter(typeof(object?[]));
        Expression call = Expression.Call(
            Expression.Convert(grain, method.DeclaringType!),
            method,
            method.GetParameters().Select((p, i) => Expression.Convert(Expression.ArrayIndex(arguments, Expression.Constant(i)), p.ParameterType)));
        if (method.ReturnType == typeof(void))
            call = Expression.Block(call, Expression.Constant(Task.CompletedTask));
        else if (method.ReturnType.IsValueType)
            call = Expression.Call(call, nameof(ValueTask.AsTask), null);
        return Expression.Lambda<Func<object, object?[], Task>>(Expression.Convert(call, typeof(Task)), grain, arguments).Compile();
    }
}

/// <summary>A method whose result is a <typeparamref name="T"/>, or that has none.</summary>
internal sealed class GrainMethod<T> : GrainMethod
{
    private readonly Func<Task<T>, object?> _answer;

    public GrainMethod(MethodInfo method)
        : base(method) => _answer = OneWay ? static _ => null
            : method.ReturnType == typeof(ValueTask) ? static result => new ValueTask(result)
            : method.ReturnType == typeof(ValueTask<T>) ? static result => new ValueTask<T>(result)
            : static result => result;

    public override object? Send(EmbeddedSilo silo, GrainId target, object?[] arguments) =>
        _answer(new GrainCall<T>(silo, target, this, arguments).Send());

    public override object? ResultOf(Task turn) => turn is Task<T> { Result: var result } ? result : null;
}
