using System.Reflection;
using Orleans.Runtime;

namespace Orleans.Embedded;

/// <summary>Leads one call through the silo's filters, then the grain's own, to its method.</summary>
internal sealed class FilteredCall(Call call, GrainMethod method, object?[] arguments, Activation activation, IIncomingGrainCallFilter[] filters)
    : IIncomingGrainCallContext
{
    private int _next;

    public object Grain { get; } = activation.GrainInstance!;

    public GrainId? SourceId { get; } = call.Parent?.Target;

    public GrainId TargetId => call.Target;

    public string InterfaceName => method.Method.DeclaringType!.FullName!;

    public string MethodName => method.Method.Name;

    public MethodInfo InterfaceMethod => method.Method;

    public IGrainContext TargetContext => activation;

    public object? Result { get; set; }

    public MethodInfo ImplementationMethod
    {
        get
        {
            var map = Grain.GetType().GetInterfaceMap(InterfaceMethod.DeclaringType!);
            return map.TargetMethods[Array.IndexOf(map.InterfaceMethods, InterfaceMethod)];
        }
    }

    public async Task Invoke()
    {
        var at = _next++;
        if (at < filters.Length)
        {
            await filters[at].Invoke(this);
        }
        else if (at == filters.Length && Grain is IIncomingGrainCallFilter own)
        {
            await own.Invoke(this);
        }
        else
        {
            var turn = method.Invoke(Grain, arguments);
            await turn;
            Result = method.ResultOf(turn);
        }
    }
}
