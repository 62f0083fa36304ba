using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;
using Media.Api.Json;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains.Files;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Media.Api.Doors.V1;

/// <summary><c>GET /v1/files</c>.</summary>
internal static partial class ListFilesRoute
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1_000;
    private const int MaxTypeLength = 255;
    private const int MaxUserLength = 128;

    public static async Task<Results<Ok<FilePageAnswer>, ProblemResult>> ListAsync(
        Admission admission,
        ICatalog catalog,
        [Description("What the name contains, whatever the case.")] string? name,
        [Description("A media type, type/subtype or type/*: as found in the bytes, or as claimed where nothing was found.")] string? type,
        [Description("Whose. For others than administrators, only themselves.")] string? user,
        [Description("A tip hash or a piece hash.")] string? hash,
        [Description("The cursor of the page before.")] string? after,
        [Description("1 to 1000, 100 unless told.")] string? limit,
        CancellationToken cancellationToken)
    {
        // A search box that is empty asks for nothing.
        (name, type, user, hash, after) = (NullIfEmpty(name), NullIfEmpty(type), NullIfEmpty(user), NullIfEmpty(hash), NullIfEmpty(after));
        if (name is { Length: > FileNames.MaxLength } || name?.Contains('\0', StringComparison.Ordinal) == true)
            return (ProblemResult)ProblemCatalog.Invalid("name", RequestMessages.NameFilter);
        if (type is { Length: > MaxTypeLength } || (type is not null && !MediaType().IsMatch(type)))
            return (ProblemResult)ProblemCatalog.Invalid("type", RequestMessages.TypeFilter);
        if (user is { Length: > MaxUserLength } || user?.Contains('\0', StringComparison.Ordinal) == true)
            return (ProblemResult)ProblemCatalog.Invalid("user", RequestMessages.UserFilter);
        if (hash is not null && !UploadRules.IsHash(hash))
            return (ProblemResult)ProblemCatalog.Invalid("hash", RequestMessages.Hash);
        var count = DefaultLimit;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > MaxLimit))
            return (ProblemResult)ProblemCatalog.Invalid("limit", RequestMessages.Limit);
        if (user is not null && user != admission.User && !admission.IsAdministrator)
            return (ProblemResult)ProblemCatalog.AdministratorNeeded;

        var filter = new FileFilter
        {
            User = user ?? (admission.IsAdministrator ? null : admission.User),
            Name = name,
            Type = type?.ToLowerInvariant(),
            Hash = hash,
            After = after,
            Limit = count,
        };
        return await catalog.ListFilesAsync(filter, cancellationToken) is { } page
            ? TypedResults.Ok(FilePageAnswer.Of(page))
            : (ProblemResult)ProblemCatalog.Invalid("after", RequestMessages.Cursor);
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    // RFC 9110, section 8.3.1, without parameters.
    [GeneratedRegex(@"\A[0-9A-Za-z!#$%&'+.^_`|~-]+/(\*|[0-9A-Za-z!#$%&'+.^_`|~-]+)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex MediaType();
}
