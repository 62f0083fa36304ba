using Media.Api.Hosting;
using Media.Api.Permissions;
using Media.Api.Problems;
using Media.Grains.Contents;
using Media.Grains.Files;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans;

namespace Media.Api.Doors.V1;

/// <summary>The catalog: files that were verified, and whether a content is stored.</summary>
internal static class FilesDoor
{
    /// <summary>Maps <c>/v1/files</c> and <c>/v1/contents</c>.</summary>
    public static void MapFilesDoor(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1").WithTags("Files").WithMetadata(AdmissionRequirement.Bearer).ProducesProblems(401, 403, 500, 503);

        group.MapGet("/files", ListFilesRoute.ListAsync)
            .WithName("ListFiles").WithSummary("A page of files, newest first: the user's own, or for administrators anybody's.").ProducesProblems(400);
        group.MapGet("/files/{id}", GetAsync)
            .WithName("GetFile").WithSummary("A file.").ProducesProblems(404);
        group.MapDelete("/files/{id}", DeleteAsync)
            .WithName("DeleteFile").WithSummary("Takes a file of the user's out of the catalog. Its bytes go some time after the last file that has them.").ProducesProblems(404);
        group.MapGet("/contents", ContentsRoute.FindAsync)
            .WithName("FindContent").WithSummary("Whether a content is stored: asked by its size and tip hash, decided by its piece hash.").ProducesProblems(400);
    }

    /// <summary>A file that whoever asks may see.</summary>
    /// <param name="id">As in the request, whatever its form.</param>
    /// <param name="admission">Who asks.</param>
    /// <param name="catalog">Where it is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<(CatalogFile? File, Problem? Problem)> FindAsync(string id, Admission admission, ICatalog catalog, CancellationToken cancellationToken)
    {
        if (!Tags.IsTag(id) || await catalog.FindFileAsync(id, cancellationToken) is not { } found)
            return (null, ProblemCatalog.FileNotFound);
        return found.File.User == admission.User || admission.IsAdministrator ? (found, null) : (null, ProblemCatalog.NotYourFile);
    }

    private static async Task<Results<Ok<FileAnswer>, ProblemResult>> GetAsync(
        string id, Admission admission, ICatalog catalog, CancellationToken cancellationToken)
    {
        var (found, problem) = await FindAsync(id, admission, catalog, cancellationToken);
        return found is null ? (ProblemResult)problem! : TypedResults.Ok(FileAnswer.Of(found));
    }

    private static async Task<Results<NoContent, ProblemResult>> DeleteAsync(
        string id, Admission admission, ICatalog catalog, IGrainFactory grains, TimeProvider time, CancellationToken cancellationToken)
    {
        var (found, problem) = await FindAsync(id, admission, catalog, cancellationToken);
        if (found is null)
            return (ProblemResult)problem!;
        // An administrator sees what is another's, and leaves it to them.
        if (found.File.User != admission.User)
            return (ProblemResult)ProblemCatalog.NotYourFile;
        // An empty file has no content, and no grace with it.
        var removed = found.File.PieceHash is { } pieceHash
            ? await grains.GetGrain<IFileHashGrain>(pieceHash).RemoveFileAsync(id, admission.User, cancellationToken)
            : await catalog.RemoveFileAsync(id, admission.User, time.GetUtcNow(), TimeSpan.Zero, cancellationToken);
        return removed is null ? (ProblemResult)ProblemCatalog.FileNotFound : TypedResults.NoContent();
    }
}
