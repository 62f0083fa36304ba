using System.Collections.Immutable;
using Media.Api.Json;
using Media.Api.Problems;
using Media.Grains.Uploads;

namespace Media.Api.Doors.V1;

/// <summary>Turns a request for an upload into the grains' words. What the values may be is the grains' to say; that they are there is this contract's.</summary>
internal static class NewUploadReader
{
    public static (NewUpload? Wish, Problem? Problem) Read(CreateUploadRequest request, Permission permission)
    {
        if (request.Checksum is not (null or PlanAnswer.Sha256))
            return (null, ProblemCatalog.Invalid("checksum", RequestMessages.Checksum));
        if (request is { FileName: { } fileName, ContentType: { } contentType, Size: { } size, ClientId: { } clientId })
        {
            var wish = new NewUpload(permission, fileName, contentType, size, request.TipHash, request.PieceHash, request.PartSize, clientId)
            {
                PrefersForm = request.Form ?? false,
                Checksum = request.Checksum is null ? PartChecksum.None : PartChecksum.Sha256,
            };
            return (wish, null);
        }

        var errors = ImmutableSortedDictionary.CreateBuilder<string, ImmutableArray<string>>(StringComparer.Ordinal);
        Require(request.FileName is not null, "fileName");
        Require(request.ContentType is not null, "contentType");
        Require(request.Size is not null, "size");
        Require(request.ClientId is not null, "clientId");
        return (null, ProblemCatalog.Invalid(errors.ToImmutable()));

        void Require(bool present, string field)
        {
            if (!present)
                errors.Add(field, [RequestMessages.Required]);
        }
    }
}
