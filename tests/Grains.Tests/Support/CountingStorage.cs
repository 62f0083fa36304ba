using System.Collections.Concurrent;
using System.Text.Json;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Media.Grains.Tests.Support;

/// <summary>Grain storage in memory with optimistic concurrency, which counts its writes, fails on demand, and lets a test write behind a grain's back.</summary>
internal sealed class CountingStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<string, (int Version, string Json)> rows = new();
    private int writes;

    public int Writes => writes;

    /// <summary>Called before a write; throws to make it fail.</summary>
    public Action BeforeWrite { get; set; } = () => { };

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (rows.TryGetValue(grainId.ToString(), out var row))
        {
            grainState.State = JsonSerializer.Deserialize<T>(row.Json)!;
            grainState.ETag = row.Version.ToString(System.Globalization.CultureInfo.InvariantCulture);
            grainState.RecordExists = true;
        }
        else
        {
            grainState.State = Activator.CreateInstance<T>();
            grainState.ETag = null!;
            grainState.RecordExists = false;
        }

        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        BeforeWrite();
        var expected = grainState.ETag is { Length: > 0 } tag ? int.Parse(tag, System.Globalization.CultureInfo.InvariantCulture) : 0;
        var json = JsonSerializer.Serialize(grainState.State);
        var row = rows.AddOrUpdate(
            grainId.ToString(),
            _ => expected == 0 ? (1, json) : throw new InconsistentStateException("gone"),
            (_, old) => old.Version == expected ? (expected + 1, json) : throw new InconsistentStateException("lost"));
        Interlocked.Increment(ref writes);
        grainState.ETag = row.Version.ToString(System.Globalization.CultureInfo.InvariantCulture);
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        rows.TryRemove(grainId.ToString(), out _);
        return Task.CompletedTask;
    }

    /// <summary>Rewrites every row under a new version, as another process would.</summary>
    public void BumpVersions()
    {
        foreach (var (key, row) in rows)
            rows[key] = (row.Version + 1, row.Json);
    }
}
