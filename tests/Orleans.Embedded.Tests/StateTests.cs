using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Orleans.Storage;

namespace Orleans.Embedded.Tests;

[GenerateSerializer, Alias("tests.ledger")]
public sealed class Ledger
{
    [Id(0)]
    public int Total { get; set; }
}

[Alias("tests.ILedger")]
public interface ILedger : IGrainWithStringKey
{
    Task<int> Add(int amount);

    Task<int> AddInMemory(int amount);

    Task<int> Total();

    Task<string> AddAndSwallow(int amount);

    Task Clear();

    Task<bool> Exists();

    Task<int> AddThrough(string other, int amount);
}

public sealed class LedgerGrain(Witness witness, [PersistentState("ledger", "shared")] IPersistentState<Ledger> ledger) : Grain, ILedger
{
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        witness.Note($"read {this.GetPrimaryKeyString()} {ledger.State.Total}");
        return Task.CompletedTask;
    }

    public async Task<int> Add(int amount)
    {
        ledger.State.Total += amount;
        await ledger.WriteStateAsync(CancellationToken.None);
        return ledger.State.Total;
    }

    public Task<int> AddInMemory(int amount) => Task.FromResult(ledger.State.Total += amount);

    public Task<int> Total() => Task.FromResult(ledger.State.Total);

    public async Task<string> AddAndSwallow(int amount)
    {
        try
        {
            await Add(amount);
            return "written";
        }
        catch (InconsistentStateException)
        {
            await ledger.ReadStateAsync(CancellationToken.None);
            return "lost";
        }
    }

    public Task Clear() => ledger.ClearStateAsync(CancellationToken.None);

    public Task<bool> Exists() => Task.FromResult(ledger.RecordExists);

    public async Task<int> AddThrough(string other, int amount)
    {
        ledger.State.Total++;
        return await GrainFactory.GetGrain<ILedger>(other).Add(amount);
    }
}

/// <summary>A store that two silos could share: it lives outside of them.</summary>
public sealed class SharedStore : IGrainStorage
{
    private readonly Dictionary<GrainId, (int Version, int Total)> _records = [];

    public Exception? Failure { get; set; }

    /// <summary>What another process would do.</summary>
    public void WriteBehind(string key, int? total)
    {
        lock (_records)
        {
            var id = _records.Keys.Single(k => k.Key.ToString() == key);
            _records[id] = (_records[id].Version + 1, total ?? _records[id].Total);
        }
    }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (Failure is not null)
            return Task.FromException(Failure);
        lock (_records)
        {
            grainState.RecordExists = _records.TryGetValue(grainId, out var record);
            grainState.ETag = grainState.RecordExists ? $"{record.Version}" : null;
            grainState.State = (T)(object)new Ledger { Total = record.Total };
        }

        return Task.CompletedTask;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await Task.Yield();
        if (Failure is not null)
            throw Failure;
        lock (_records)
        {
            var version = _records.TryGetValue(grainId, out var record) ? record.Version : 0;
            if (grainState.ETag != (version == 0 ? null : $"{version}"))
                throw new InconsistentStateException("lost", $"{version}", grainState.ETag);
            _records[grainId] = (version + 1, ((Ledger)(object)grainState.State!).Total);
            (grainState.ETag, grainState.RecordExists) = ($"{version + 1}", true);
        }
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        lock (_records)
            _records.Remove(grainId);
        (grainState.ETag, grainState.RecordExists) = (null, false);
        return Task.CompletedTask;
    }
}

public sealed class StateTests : IAsyncLifetime
{
    private readonly SharedStore _store = new();
    private Cluster _cluster = null!;

    public async ValueTask InitializeAsync() =>
        _cluster = await Cluster.Start(silo => silo.Services.AddGrainStorage("shared", (_, _) => _store));

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task State_WrittenAndDeactivated_IsThereAgain()
    {
        var grain = _cluster.Grain<ILedger>("stays");
        Assert.False(await grain.Exists());
        Assert.Equal(5, await grain.Add(5));
        Assert.Equal(7, await grain.AddInMemory(2));
        await _cluster.Inner.DeactivateAsync(grain);
        Assert.Equal(5, await grain.Total());
        Assert.True(await grain.Exists());
        await grain.Clear();
        Assert.Equal(0, await grain.Total());
        Assert.False(await grain.Exists());
    }

    [Fact]
    public async Task Write_LosesAndLeavesTheMethod_ActivationIsDroppedAndTheNextCallReadsAfresh()
    {
        var grain = _cluster.Grain<ILedger>("loses");
        await grain.Add(1);
        _store.WriteBehind("loses", 100);
        var lost = await Assert.ThrowsAsync<InconsistentStateException>(() => grain.Add(1));
        Assert.Equal(("2", "1"), (lost.StoredEtag, lost.CurrentEtag));
        Assert.Equal(100, await grain.Total());
        Assert.Equal(101, await grain.Add(1));
        Assert.Equal(1, _cluster.Witness.Count("read loses 100"));
    }

    [Fact]
    public async Task Write_LosesUnderContention_NoAdditionIsLost()
    {
        var grain = _cluster.Grain<ILedger>("contended");
        await grain.Add(0);
        var total = 0;
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(async () =>
        {
            if (i % 20 == 0)
                _store.WriteBehind("contended", null);
            while (true)
            {
                try
                {
                    await grain.Add(1);
                    Interlocked.Increment(ref total);
                    return;
                }
                catch (InconsistentStateException)
                {
                    // Tried again on what is there.
                }
            }
        })));
        Assert.Equal(200, total);
        Assert.Equal(200, await grain.Total());
    }

    [Fact]
    public async Task Write_LosesAndTheGrainReadsAgain_ActivationStays()
    {
        var grain = _cluster.Grain<ILedger>("swallows");
        await grain.Add(1);
        _store.WriteBehind("swallows", 50);
        Assert.Equal("lost", await grain.AddAndSwallow(1));
        Assert.Equal(50, await grain.Total());
        Assert.Equal(0, _cluster.Witness.Count("read swallows 50"));
    }

    [Fact]
    public async Task Write_LosesInAnotherGrain_OnlyThatOneIsDropped()
    {
        var (caller, writer) = (_cluster.Grain<ILedger>("caller"), _cluster.Grain<ILedger>("writer"));
        await writer.Add(1);
        _store.WriteBehind("writer", 10);
        await Assert.ThrowsAsync<InconsistentStateException>(() => caller.AddThrough("writer", 1));
        Assert.Equal(1, await caller.Total());
        Assert.Equal(10, await writer.Total());
    }

    [Fact]
    public async Task Store_Fails_CallsFailWithAnOrleansExceptionUntilItWorksAgain()
    {
        _store.Failure = new TimeoutException("down");
        var grain = _cluster.Grain<ILedger>("down");
        var failure = await Assert.ThrowsAsync<OrleansException>(grain.Total);
        Assert.IsType<TimeoutException>(failure.InnerException);
        _store.Failure = null;
        Assert.Equal(3, await grain.Add(3));
    }
}

[GenerateSerializer, Alias("tests.note")]
public sealed class Note
{
    [Id(0)]
    public List<string> Lines { get; set; } = [];
}

[Alias("tests.INotebook")]
public interface INotebook : IGrainWithStringKey
{
    Task<ImmutableArray<string>> Write(string line, bool save);
}

public sealed class NotebookGrain([PersistentState("note", "records")] IPersistentState<Note> note) : Grain, INotebook
{
    public async Task<ImmutableArray<string>> Write(string line, bool save)
    {
        note.State.Lines.Add(line);
        if (save)
            await note.WriteStateAsync();
        return [.. note.State.Lines];
    }
}

public sealed class MemoryStorageTests
{
    [Fact]
    public async Task MemoryStorage_UnsavedChange_DoesNotReachTheStore()
    {
        await using var cluster = await Cluster.Start();
        var grain = cluster.Grain<INotebook>("n");
        await grain.Write("saved", save: true);
        await grain.Write("unsaved", save: false);
        await cluster.Inner.DeactivateAsync(grain);
        Assert.Equal(["saved", "next"], await grain.Write("next", save: true));
    }
}
