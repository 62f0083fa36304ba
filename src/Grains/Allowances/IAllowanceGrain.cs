using Media.Grains.Results;
using Media.Grains.Uploads;
using Orleans;

namespace Media.Grains.Allowances;

/// <summary>How many files and bytes of a permission are used; the key is the permission's id.</summary>
[Alias("media.IAllowanceGrain")]
public interface IAllowanceGrain : IGrainWithStringKey
{
    /// <summary>Takes files and bytes from the allowance, all or nothing.</summary>
    /// <returns>Null where they are granted, <see cref="RefusalCode.QuotaExceeded"/> where not.</returns>
    Task<Refusal?> TakeAsync(Permission permission, int files, long bytes, CancellationToken cancellationToken);

    /// <summary>Gives back what an upload took that came to nothing.</summary>
    Task GiveBackAsync(int files, long bytes, CancellationToken cancellationToken);
}
