using System.Collections.Concurrent;
using System.Globalization;
using Media.Bench.Measuring;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;

namespace Media.Bench.Actors;

/// <summary>Calls through the actor runtime's references against a channel for each actor: what the runtime's guarantees cost.</summary>
internal sealed class ActorsBench : Benchmark
{
    private const string Other = "a Channel for each actor";
    private const int Ids = 50_000;
    private const int Callers = 64;
    private const int CallsOfOne = 100_000;
    private const int CallsOfMany = 300_000;

    public override string Name => "actors";

    public override string Summary => "grain calls a second, and memory of an idle activation, against a plain Channel for each actor";

    public override async Task RunAsync(Report report, BenchSettings settings, CancellationToken cancellationToken)
    {
        var names = new string[Ids];
        for (var i = 0; i < Ids; i++) names[i] = string.Create(CultureInfo.InvariantCulture, $"actor-{i}");

        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleans(static silo => silo.UseLocalhostClustering());
        using var host = builder.Build();
        await host.StartAsync(cancellationToken);
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        var mailboxes = new ConcurrentDictionary<string, ChannelCounter>(StringComparer.Ordinal);

        // A reference is looked up for every call, as the API does it; so is the mailbox.
        Task<int> Ours(string name) => grains.GetGrain<ICounterGrain>(name).AddAsync(1);
        Task<int> Theirs(string name) => mailboxes.GetOrAdd(name, static _ => new ChannelCounter()).AddAsync(1);

        await Ours("warm");
        await Theirs("warm");
        var theirs = await MemoryAsync(names, Theirs);
        var ours = await MemoryAsync(names, Ours);

        report.Add("calls, 1 caller, 1 actor", await Comparison.InterleavedAsync(
            7, _ => OneAsync(names[0], Ours), _ => OneAsync(names[0], Theirs), cancellationToken), "calls/s", Other);
        report.Add(string.Create(CultureInfo.InvariantCulture, $"calls, {Callers} callers, {Ids:#,0} actors"), await Comparison.InterleavedAsync(
            7, _ => ManyAsync(names, Ours), _ => ManyAsync(names, Theirs), cancellationToken), "calls/s", Other);
        report.Add("memory of an idle activation", Comparison.OfAmounts(ours, theirs), "bytes", Other);
        await host.StopAsync(cancellationToken);
    }

    private static Task<double> OneAsync(string name, Func<string, Task<int>> call) => Rate.OfAsync(CallsOfOne, async () =>
    {
        for (var i = 0; i < CallsOfOne; i++) await call(name);
    });

    private static Task<double> ManyAsync(string[] names, Func<string, Task<int>> call) => Rate.OfAsync(CallsOfMany, () =>
    {
        var callers = new Task[Callers];
        for (var caller = 0; caller < Callers; caller++)
        {
            var first = caller;
            callers[caller] = Task.Run(async () =>
            {
                // Strides of a prime, so that callers meet in an actor now and then.
                for (int i = 0, at = first * 7_919; i < CallsOfMany / Callers; i++, at += 7_919) await call(names[at % Ids]);
            });
        }

        return Task.WhenAll(callers);
    });

    private static async Task<double> MemoryAsync(string[] names, Func<string, Task<int>> call)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        foreach (var name in names) await call(name);
        return (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / names.Length;
    }
}
