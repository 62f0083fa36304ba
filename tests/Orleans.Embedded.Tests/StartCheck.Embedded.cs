using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Orleans.Embedded.Tests;

public sealed record Unmarked(string Name);

[GenerateSerializer]
public abstract record Shape
{
    [Id(0)]
    public int Size { get; init; }
}

public sealed record UnmarkedShape(int Corners) : Shape;

[GenerateSerializer]
public sealed record HalfNumbered(string Positional)
{
    public string? Forgotten { get; init; }

    [Id(1)]
    public string? Numbered { get; init; }

    public int Computed => Positional.Length;
}

[GenerateSerializer]
public sealed class TwiceNumbered
{
    [Id(0)]
    public int A { get; set; }

    [Id(0)]
    public int B { get; set; }
}

[GenerateSerializer]
public sealed record Page<T>(ImmutableArray<T> Items, string? Next);

public interface IRefused : IGrainWithStringKey
{
    int NotATask();

    Task TakesAStream(Stream stream);

    Task TakesADelegate(Action action);

    Task<Unmarked> GivesUnmarked();

    Task TakesShape(Shape shape);

    Task TakesHalf(HalfNumbered half);

    Task TakesTwice(TwiceNumbered twice);

    Task<Page<Unmarked[]>> GivesPage();

    Task<T> Generic<T>();

    IAsyncEnumerable<int> Streams();
}

public interface IAccepted : IGrainWithStringKey
{
    Task<Page<Parcel>> Page(DateTimeOffset? at, TimeSpan span, Uri uri, byte[] bytes, Dictionary<string, List<Guid>> map, CancellationToken cancellationToken);

    ValueTask<IReadOnlyDictionary<string, ImmutableArray<DayOfWeek>>> Map((int A, Parcel? B) pair);

    ValueTask Take(IProbe reference);
}

public sealed class StartCheckTests
{
    [Fact]
    public async Task Start_GrainsThatOrleansWouldRefuse_FailsWithAllReasons()
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo(static (_, silo) => silo.AddGrainAssembly(AssemblyWithGrainFor(typeof(IRefused))));
        await using var cluster = builder.Build();
        var failure = await Assert.ThrowsAsync<OrleansConfigurationException>(cluster.DeployAsync);
        string[] reasons =
        [
            "IRefused.NotATask returns System.Int32",
            "System.IO.Stream can't cross",
            "System.Action can't cross",
            "Unmarked can't cross",
            "UnmarkedShape can't cross (derived from",
            "HalfNumbered.Forgotten has no [Id]",
            "TwiceNumbered.B has the [Id] of another member",
            "IRefused.Generic: the embedded runtime has no",
            "IRefused.Streams: the embedded runtime has no IAsyncEnumerable<T>",
        ];
        Assert.All(reasons, reason => Assert.Contains(reason, failure.Message, StringComparison.Ordinal));
        Assert.Equal(reasons.Length, failure.Message.Split("\n- ").Length - 1);
    }

    [Fact]
    public async Task Start_GrainsThatOrleansWouldAccept_Starts()
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo(static (_, silo) => silo.AddGrainAssembly(AssemblyWithGrainFor(typeof(IAccepted))));
        await using var cluster = builder.Build();
        await cluster.DeployAsync();
        Assert.NotNull(cluster.Client.GetGrain<IAccepted>("a"));
    }

    [Fact]
    public async Task UseOrleansClient_NoSiloInTheProcess_SaysSo()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient(static client => client.UseLocalhostClustering(0, "service", "nobody"));
        using var host = builder.Build();
        var failure = await Assert.ThrowsAsync<OrleansConfigurationException>(() => host.StartAsync());
        Assert.Contains("No silo named 'nobody' runs in this process", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void InProcessTestClusterBuilder_MoreThanOneSilo_SaysSo() =>
        Assert.Throws<NotSupportedException>(static () => new InProcessTestClusterBuilder(2));

    /// <summary>Made at run time, so that no other test's silo finds it.</summary>
    private static AssemblyBuilder AssemblyWithGrainFor(Type contract)
    {
        var assembly = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName($"made-for-{contract.Name}"), AssemblyBuilderAccess.Run);
        var type = assembly.DefineDynamicModule("grains").DefineType("MadeGrain", TypeAttributes.Public | TypeAttributes.Sealed, typeof(Grain), [contract]);
        foreach (var method in contract.GetMethods())
        {
            var parameters = Array.ConvertAll(method.GetParameters(), static p => p.ParameterType);
            var made = type.DefineMethod(method.Name, MethodAttributes.Public | MethodAttributes.Virtual, method.ReturnType, parameters);
            if (method.IsGenericMethodDefinition)
                made.SetReturnType(typeof(Task<>).MakeGenericType(made.DefineGenericParameters("T")[0]));
            made.GetILGenerator().ThrowException(typeof(NotSupportedException));
            type.DefineMethodOverride(made, method);
        }

        type.CreateType();
        return assembly;
    }
}
