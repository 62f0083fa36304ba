using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;

namespace Orleans.Embedded.Tests;

/// <summary>Notes every call of a probe, and turns one kind of failure into another.</summary>
public sealed class NotingFilter(Witness witness) : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.Grain is not Probe)
        {
            await context.Invoke();
            return;
        }

        witness.Note($"before {context.MethodName} of {context.TargetId.Key}");
        try
        {
            await context.Invoke();
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException("filtered", e);
        }

        if (context.Result is int number)
            context.Result = number + 1000;
        witness.Note($"after {context.ImplementationMethod.DeclaringType!.Name}.{context.InterfaceMethod.Name}");
    }
}

public sealed class FilterTests
{
    [Fact]
    public async Task Filter_AroundEveryCall_SeesChangesAndMayReplace()
    {
        await using var cluster = await Cluster.Start(static silo => silo.AddIncomingGrainCallFilter<NotingFilter>());
        var grain = cluster.Grain<IProbe>("filtered");
        Assert.Equal(1001, await grain.Next());
        Assert.Equal(1002, await grain.NextSlowly());
        await grain.Nothing();
        Assert.Equal("p", (await grain.Echo(new Parcel("p", []))).Name);
        var failure = await Assert.ThrowsAsync<FormatException>(() => grain.Fail("inner"));
        Assert.Equal("inner", failure.InnerException!.Message);
        Assert.Equal(1, cluster.Witness.Count("before Next of filtered"));
        Assert.Equal(1, cluster.Witness.Count("after Probe.Next"));
        Assert.Equal(0, cluster.Witness.Count("after Probe.Fail"));
    }
}
