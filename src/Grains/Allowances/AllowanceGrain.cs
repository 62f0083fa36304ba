using Media.Grains.Ports;
using Media.Grains.Results;
using Media.Grains.Turns;
using Media.Grains.Uploads;
using Orleans;
using Orleans.Runtime;

namespace Media.Grains.Allowances;

/// <summary>What a permission has left. Counts survive in storage; a count that a crash left too high is on the safe side.</summary>
internal sealed class AllowanceGrain(
    [PersistentState(StorageNames.Allowance, StorageNames.Default)] IPersistentState<AllowanceState> state,
    StateFreshness freshness) : TurnGrain<AllowanceState>(state, freshness), IAllowanceGrain
{
    public Task<Refusal?> TakeAsync(Permission permission, int files, long bytes, CancellationToken cancellationToken) =>
        InTurnAsync<Refusal?>(
            async () =>
            {
                if (permission.MaxFiles is { } maxFiles && State.Files + files > maxFiles)
                    return new Refusal(RefusalCode.QuotaExceeded, $"The permission is for {maxFiles} files, and {State.Files} are used.");
                if (permission.MaxBytes is { } maxBytes && bytes > maxBytes - State.Bytes)
                    return new Refusal(RefusalCode.QuotaExceeded, $"The permission is for {maxBytes} bytes, and {State.Bytes} are used.");
                State.Files += files;
                State.Bytes += bytes;
                await WriteAsync();
                return null;
            },
            cancellationToken);

    public Task GiveBackAsync(int files, long bytes, CancellationToken cancellationToken) =>
        InTurnAsync(
            async () =>
            {
                State.Files = Math.Max(0, State.Files - files);
                State.Bytes = Math.Max(0, State.Bytes - bytes);
                await WriteAsync();
                return true;
            },
            cancellationToken);
}
