using Media.Grains.Ports;
using Media.Grains.Results;
using Media.Grains.Uploads;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Media.Grains.Allowances;

/// <summary>What a permission has left. Counts survive in storage; a count that a crash left too high is on the safe side.</summary>
internal sealed class AllowanceGrain(
    [PersistentState(StorageNames.Allowance, StorageNames.Default)] IPersistentState<AllowanceState> state,
    StateFreshness freshness) : Grain, IAllowanceGrain
{
    private const int MaxAttempts = 20;

    public Task<Refusal?> TakeAsync(Permission permission, int files, long bytes, CancellationToken cancellationToken) =>
        ChangeAsync(
            used =>
            {
                if (permission.MaxFiles is { } maxFiles && used.Files + files > maxFiles)
                    return new Refusal(RefusalCode.QuotaExceeded, $"The permission is for {maxFiles} files, and {used.Files} are used.");
                if (permission.MaxBytes is { } maxBytes && bytes > maxBytes - used.Bytes)
                    return new Refusal(RefusalCode.QuotaExceeded, $"The permission is for {maxBytes} bytes, and {used.Bytes} are used.");
                used.Files += files;
                used.Bytes += bytes;
                return null;
            },
            cancellationToken);

    public Task GiveBackAsync(int files, long bytes, CancellationToken cancellationToken) =>
        ChangeAsync(
            used =>
            {
                used.Files = Math.Max(0, used.Files - files);
                used.Bytes = Math.Max(0, used.Bytes - bytes);
                return null;
            },
            cancellationToken);

    private async Task<Refusal?> ChangeAsync(Func<AllowanceState, Refusal?> change, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (freshness.ReadBeforeUse || attempt > 1)
                await state.ReadStateAsync(cancellationToken);

            var before = (state.State.Files, state.State.Bytes);
            if (change(state.State) is { } refusal)
                return refusal;
            try
            {
                await state.WriteStateAsync(cancellationToken);
                return null;
            }
            catch (InconsistentStateException) when (attempt < MaxAttempts)
            {
                // Another process counted in between: again, on its count.
            }
            catch
            {
                (state.State.Files, state.State.Bytes) = before;
                throw;
            }
        }
    }
}

/// <summary>What is used of a permission.</summary>
[GenerateSerializer, Alias("media.allowance-state")]
public sealed class AllowanceState
{
    /// <summary>Files.</summary>
    [Id(0)]
    public long Files { get; set; }

    /// <summary>Bytes.</summary>
    [Id(1)]
    public long Bytes { get; set; }
}
