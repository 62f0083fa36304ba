using System.Text.Json;
using System.Text.Json.Serialization;

namespace Media.Client;

/// <summary>Where an upload is in its life.</summary>
[JsonConverter(typeof(UploadStateConverter))]
public enum UploadState
{
    /// <summary>A state that this client does not know; a newer server has it.</summary>
    Unknown,

    /// <summary>Nothing was uploaded yet.</summary>
    Created,

    /// <summary>Parts are being uploaded.</summary>
    Uploading,

    /// <summary>The store is putting the parts together.</summary>
    Completing,

    /// <summary>The object is in the store.</summary>
    Stored,

    /// <summary>The server is hashing the object.</summary>
    Verifying,

    /// <summary>The object's hashes are the claimed ones.</summary>
    Verified,

    /// <summary>The content was there already.</summary>
    Duplicate,

    /// <summary>The object's hashes are not the claimed ones.</summary>
    Mismatched,

    /// <summary>The owner aborted the upload.</summary>
    Aborted,

    /// <summary>Nobody touched the upload for too long.</summary>
    Expired,

    /// <summary>The upload can't be finished.</summary>
    Failed,
}

/// <summary>What an <see cref="UploadState"/> means to a client.</summary>
public static class UploadStates
{
    /// <summary>Whether the object is in the store, whatever became of it then.</summary>
    public static bool IsDone(this UploadState state) => state is >= UploadState.Stored and <= UploadState.Mismatched;

    /// <summary>Whether nothing can follow.</summary>
    public static bool IsFinal(this UploadState state) => state >= UploadState.Verified;

    /// <summary>Whether parts can still be uploaded or put together.</summary>
    public static bool IsActive(this UploadState state) => state is UploadState.Created or UploadState.Uploading or UploadState.Completing;
}

/// <summary>States by their names in the API; public, so that a program's own source-generated JSON can hold uploads.</summary>
public sealed class UploadStateConverter : JsonConverter<UploadState>
{
    /// <inheritdoc/>
    public override UploadState Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Enum.TryParse<UploadState>(reader.GetString(), out var state) && Enum.IsDefined(state) ? state : UploadState.Unknown;

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, UploadState value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
